"""What rules found unusual lately: a board of anomaly events, kept over restarts with the core's other state."""
