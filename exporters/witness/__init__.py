"""Outside witnesses: places where the ledger's signed checkpoints go, so that nobody can sign another history unseen.

Nothing is imported here: the settings are read by daemons that have no SSH or HTTP client installed.
"""
