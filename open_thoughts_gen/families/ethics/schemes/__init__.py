"""The schemes of ethics, one a module; modules whose names begin with _ are shared."""
