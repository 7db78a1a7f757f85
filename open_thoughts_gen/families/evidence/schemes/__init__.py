"""The schemes of evidence, one a module."""
