"""Between daemons: a spool on the side that sees, an intake on the side that keeps, acknowledgements between."""
