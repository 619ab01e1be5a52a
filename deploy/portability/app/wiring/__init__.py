"""What one service needs of another, made to fit: each module here fills a port of one service from another's parts."""
