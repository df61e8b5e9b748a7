"""What the demonstration's sensor sees: offices at work, and attacks among them, as frames on a wire of their own."""
