"""Where packets come from: capture files of every common kind, and a ring shared with the kernel."""
