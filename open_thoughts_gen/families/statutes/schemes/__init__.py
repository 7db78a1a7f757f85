"""The schemes of law, one file each, with their words and their rules beside them."""
