"""CSV and Excel files of agencies to records: lines of a file, a map that a clerk can read, and what a line says."""
