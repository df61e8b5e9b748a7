"""What must not be lost: ledger, alerts, incidents."""
