"""Surrogates: what stands for a value wherever the value itself must not be seen."""
