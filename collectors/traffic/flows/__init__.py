"""Flow records from exporters: NetFlow, IPFIX and sFlow, received in batches and decoded into columns."""
