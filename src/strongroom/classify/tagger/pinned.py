"""The SHA-256 of the weights in this package; written by the training.

Must never: be edited by hand.
"""

from typing import Final

SHA256: Final = "9997650f9e8cc6e5330dcc6aa486ff2976f8eb760815cf017aed30c69d34be74"
