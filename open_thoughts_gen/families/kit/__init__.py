"""What families of problems are written with: words that can be read back, values that compute and claim at once."""
