"""What a person may ask of a node that holds her data: erasure when its time has come, protection, and who looked."""
