"""Tables of numbers, however they are written: text in columns, JSON, labels, DataFrames."""
