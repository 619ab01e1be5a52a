"""A node's private keys in files, root keys of the directory, and the directory as the exchange trusts it."""
