"""The schemes of scheduling, one file each, with its words and its second implementation beside it."""
