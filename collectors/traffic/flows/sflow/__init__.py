"""sFlow version 5: sampled packets and counters of switches, decoded into columns."""
