"""Keeping flows: Parquet files by hour, written crash-safe, and the questions that they answer.

Nothing is imported here: the settings are read by daemons that have no polars installed.
"""
