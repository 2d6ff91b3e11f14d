"""Folders that are one recording, in the layouts of data sets and of recording apps."""
