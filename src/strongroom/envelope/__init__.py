"""Seal and open values, records and objects under the keys of their binding.

The only room that brings together a format, a key and fresh randomness. Rooms above it say *what* the data is
(`Binding`) and show a `Permit`; which key version that means is `keys`' business.

Must never: decide who may open, keep a plaintext or a key, or try a second key when the first does not fit.
"""

from strongroom.envelope.envelope import Envelope
from strongroom.envelope.key_source import DataKey, KeySource

__all__ = ["DataKey", "Envelope", "KeySource"]
