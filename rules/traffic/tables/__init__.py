"""What one window of traffic comes to, by address and by port."""
