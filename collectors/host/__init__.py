"""The machine that netmon runs on, under node_exporter's names."""
