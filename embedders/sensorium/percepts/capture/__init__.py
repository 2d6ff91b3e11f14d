"""When and where something was taken, read from the metadata of files and from their names."""
