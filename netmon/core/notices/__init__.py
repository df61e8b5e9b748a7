"""Whom to tell what, when and how often. Pure: it decides, the couriers carry."""
