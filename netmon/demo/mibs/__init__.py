"""What each simulated device answers, one MIB a file: objects' OIDs and how their values follow from the ring."""
