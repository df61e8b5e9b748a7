"""What is unusual for a series by its own past: streaming anomaly scores over all series at once."""
