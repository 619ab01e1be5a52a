"""What else goes on about a worker between institutions, beside her claims: each a case that runs on a flow."""
