"""The schemes of the family `literary`."""
