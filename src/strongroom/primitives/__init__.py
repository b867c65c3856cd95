"""The one room that touches `cryptography`: small functions over reviewed algorithms, nothing invented.

Theory: every other room names *what* it needs (seal these bytes, derive a key, sign this text) and this room
says with which algorithm. Keys are plain `bytes` here and only here and in the rooms directly above.

Must never: keep a key between calls (`SigningKey` is the one handle), choose a nonce, or return a bool where
an exception is the safe answer.
"""
