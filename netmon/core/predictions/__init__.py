"""The account of what rules predicted: a tally of prediction events, kept over restarts with the core's other state."""
