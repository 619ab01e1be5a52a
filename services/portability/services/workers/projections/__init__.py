"""What she would get if she stopped today, waited, or moved: by the rules in force, and binding nobody."""
