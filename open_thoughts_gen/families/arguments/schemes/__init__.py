"""The schemes of arguments, one file each, with their words beside them."""
