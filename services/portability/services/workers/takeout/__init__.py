"""All that is kept about a worker, in one file to take with her (GDPR Art. 15(3) and 20)."""
