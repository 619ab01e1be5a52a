"""The registry: who takes part, with which keys and competences, in a directory that root keys have signed."""
