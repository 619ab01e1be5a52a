"""What a worker sees of her own: sign-in, cases, career, decisions; who delivers the pages is left to adapters."""
