"""Short words to a worker that something has happened: once an event, not by night, nothing personal."""
