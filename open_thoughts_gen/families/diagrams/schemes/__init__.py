"""The schemes of diagrams, one a file."""
