"""Paper that a helper scans into a case."""
