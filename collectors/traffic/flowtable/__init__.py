"""From packets to flows with both directions, and (`pairing`) from exporters' one-way flows to the same."""
