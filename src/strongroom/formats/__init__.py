"""Bytes to frozen values and back: pure, no keys, no input or output, every length capped.

Must never: hold a key, read a file, or trust a length it was given.
"""
