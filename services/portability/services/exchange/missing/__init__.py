"""What a partner has sent and has not come, as the people of an institution see it."""
