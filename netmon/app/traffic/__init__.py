"""From captured frames and exported flows to findings, metrics and files: what ties the parts of traffic together."""
