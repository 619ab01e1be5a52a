"""Two agencies and made-up people, in which an office tries what it will do, and what goes wrong."""
