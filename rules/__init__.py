"""Rules turn readings into findings. They do no I/O and read no clock."""
