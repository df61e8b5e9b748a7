"""netmon watches a government's network, servers and applications, and says what is about to break."""

__version__ = "0.1.0"
