"""The institution's own register of insured time, and what the other countries of a case have answered."""
