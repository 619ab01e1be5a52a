"""After a closed case: one question about how it went, and a free word; counted in groups, never shown alone."""
