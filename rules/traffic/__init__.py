"""Judgements on traffic: one file for each kind of attack, over one second's tables, flows and messages."""
