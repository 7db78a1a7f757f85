"""The schemes of finance, a module and its words for each."""
