"""Links, prefixes and services that come near their capacity: how much, who causes it, attack or use."""
