"""A worker disputes what is written of her, and the answer: who looks at it until when, and what came of it."""
