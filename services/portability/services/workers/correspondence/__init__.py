"""What a worker was told, and who wrote to whom about her: that it was, never what stands in it."""
