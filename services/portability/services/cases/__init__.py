"""The international case: an old-age claim that reaches every institution concerned, and who has to do what next."""
