"""Conversations with the gateway inside one process: no socket, a provider that records every byte it gets."""
