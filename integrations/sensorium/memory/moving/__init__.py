"""Taking a memory elsewhere: export, import, copy, another encoder."""
