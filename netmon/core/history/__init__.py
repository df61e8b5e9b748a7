"""What bounded quantities were: five-minute and daily summaries on disk. Settings need no numpy."""
