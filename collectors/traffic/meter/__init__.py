"""What traffic comes to, as metrics: counters by site, protocol, port and link, and the busiest addresses."""
