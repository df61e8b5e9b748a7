"""The life of alerts and incidents, and what mutes them. Pure: time is an argument, every change is a value."""
