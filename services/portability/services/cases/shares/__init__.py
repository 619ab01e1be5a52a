"""What an institution owes in a claim that runs on a flow."""
