"""PostgreSQL: the one database, embedded or served, and the event stream of pilots without a broker."""
