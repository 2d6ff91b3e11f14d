"""How the letters of a text file are encoded: by its mark, by what decodes, by its language."""
