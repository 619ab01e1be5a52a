"""A worker claims a pension on her page: kept first, dated her day, its case opened at once or by a caseworker."""
