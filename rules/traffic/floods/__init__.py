"""Floods on our addresses and from them, each kind in a file of its own."""

from rules.traffic.floods.rule import Floods
from rules.traffic.floods.settings import FloodSettings

__all__ = ["FloodSettings", "Floods"]
