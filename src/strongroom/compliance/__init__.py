"""Proof that something was done: erasure, with receipts that an outsider can check."""
