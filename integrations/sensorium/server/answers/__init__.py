"""What a server answers: models, problems, files, progress."""
