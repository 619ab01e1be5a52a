"""What the mappings of several services share; a leaf, like access.py, and no service of its own."""
