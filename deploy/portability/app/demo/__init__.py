"""The demo: one made-up worker, three countries, one pension, on real parts."""
