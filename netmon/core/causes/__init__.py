"""Root cause: the graph of what hangs together, and which failure explains the others."""
