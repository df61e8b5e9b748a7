"""Collectors turn the outside world into readings. They judge nothing."""
