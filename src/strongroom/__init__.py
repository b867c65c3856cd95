"""Strongroom: protects the data AI agents handle, in transit, at rest and in use."""
