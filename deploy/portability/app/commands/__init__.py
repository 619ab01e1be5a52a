"""Sub-commands of `portability`, one module a domain; each imports what it needs when it runs."""
