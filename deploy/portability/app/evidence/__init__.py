"""Evidence of one case in one file: made from a node's database, verified with the file alone."""
