"""Where instants and ids come from: the system's, and fakes that a test moves by hand."""
