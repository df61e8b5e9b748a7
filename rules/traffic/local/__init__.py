"""Judgements on what is said on the local network: who claims which address, who leases, who routes, who bridges."""
