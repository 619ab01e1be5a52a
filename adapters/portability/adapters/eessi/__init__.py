"""EESSI documents (SEDs) as JSON, read into a career file and written back; names, codes and places are data files."""
