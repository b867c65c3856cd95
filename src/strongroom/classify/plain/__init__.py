"""How a text reads once disguises are off: invisible characters, look-alikes, encodings, broken numbers.

A *reading* is the text (or the part around what was changed) in plain form, with the way back to the offsets it
came from. The text itself is always inspected too, so a reading can only add to what is found. What is undone
and what is not: docs/reference/disguises.md.

Must never: change what is forwarded, grow without bound, or give up in silence: what was not read is named.
"""

from strongroom.classify.plain.characters import plain_form
from strongroom.classify.plain.limits import DEPTH_MAX, OPAQUE_CHARS_MIN, NotInspected, Reason
from strongroom.classify.plain.mapped import Edit, Reading
from strongroom.classify.plain.merge import merged
from strongroom.classify.plain.readings import readings

__all__ = [
    "DEPTH_MAX",
    "OPAQUE_CHARS_MIN",
    "Edit",
    "NotInspected",
    "Reading",
    "Reason",
    "merged",
    "plain_form",
    "readings",
]
