"""Whether two descriptions are of one person: names in any script, birth dates with unknown parts, identifiers."""
