"""The SHA-256 of the weights in this package; written by the training.

Must never: be edited by hand.
"""

from typing import Final

SHA256: Final = "120838a5316b0bc3dc48f305567bdd77a115057237e4179baebaad33f675e3f2"
