"""The SHA-256 of the weights in this package; written by the training.

Must never: be edited by hand.
"""

from typing import Final

SHA256: Final = "77c0d0fdc837864ca06c7787aaf1aa0356792e3bf613f685268c612b00904edc"
