"""A node's append-only log: positions, tiles, proofs, signed checkpoints, witnesses, and the auditor."""
