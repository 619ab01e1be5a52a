"""National legislation: what each scheme gives for a set of periods, as dated, cited parameters and pure functions."""
