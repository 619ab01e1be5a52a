"""How she wants to be told of news, in which language, and when not."""
