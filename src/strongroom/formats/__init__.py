"""Bytes to frozen values and back: the formats that `docs/spec` describes and `vectors` pins.

Everything here is pure: key material comes in as an argument and is not kept, nothing is read or written, and
every length that foreign bytes announce is capped before it is believed.

Must never: look a key up, decide who may open something, or accept two spellings of one value.
"""
