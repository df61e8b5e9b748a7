"""The simulated ring and its story."""
