"""What draws puzzles: a scheme a file, each with the shares that the challenge's puzzles have."""
