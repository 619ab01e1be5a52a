"""Case flows as data: which actions a case allows to whom, who holds what since when, and until when."""
