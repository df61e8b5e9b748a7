"""Indicator lists: addresses, prefixes and domains that are known to be bad, and who of ours meets them."""
