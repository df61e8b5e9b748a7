"""Settings, catalog, scheduling, wiring and the command line."""
