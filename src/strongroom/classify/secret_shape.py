"""Does a text look like key material or a password, rather than a word, a placeholder or a path?

Entropy alone is useless as a trigger (hashes, identifiers and base64 images have plenty); these checks run
only on what a pattern already placed behind a key word or a vendor's prefix.

Must never: be used on raw text, or decide alone without a pattern in front of it.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections import Counter

SHANNON_KEY_BITS = 3.0
"""Per character. English identifiers of key length stay near or below it once digits are required as well."""

KEY_VALUE_DISTINCT = 5
"""Fewer different characters are a mask or a filler."""

_PLACEHOLDER = re.compile(
    r"[*•.x_\-?#]+|[<{\[(].*|\$[{(].*|(?-i:\$(?:[A-Z_][A-Z0-9_]*|[a-z_]+)|%[A-Z_]+%)|%[(sdr{].*|(?:null|none|nil|true|false|str|string|text|int|bytes|required|optional|hidden"
    r"|redacted|masked|undefined|empty|example|placeholder|password|passwort|passwd|secret|token|your[_\- ].*"
    r"|process\.env.*|os\.(?:environ|getenv).*|env[.(\[].*|getenv.*|self\..*|settings\..*|config\..*|secrets\..*"
    r"|vault:.*|str\(.*|input\(.*|getpass.*|required|needed|please|enter|reset|changed?|expired|forgotten|wrong"
    r"|incorrect|invalid|missing|protected|unknown|disabled|enabled|changeme|erforderlich|vergessen|requis|requerida"
    r"|obligatoire|obligatorio|richiesta|vereist|falsch|ge(?:ä|ae)ndert|oubli(?:é|e)|process\..*|params.*|req\..*)",
    re.IGNORECASE | re.DOTALL,
)
_DOTTED_WORDS = re.compile(r"[A-Za-z_]+(?:\.[A-Za-z_]+)+")
_NEXT_PARAMETER = re.compile(r"&[\w.\-]{1,40}=")
_JWT_HEADER_CHARS_MAX = 4096


def shannon_bits(text: str) -> float:
    """Shannon entropy of the characters, in bits per character."""
    length = len(text)
    return -sum(n / length * math.log2(n / length) for n in Counter(text).values())


def is_mixed(text: str) -> bool:
    """Whether a digit stands in it, or letters of both cases: words in lower case are not keys."""
    return any(c.isdigit() for c in text) or not (text.islower() or text.isupper())


def is_placeholder(text: str) -> bool:
    """Whether it stands for a secret instead of being one: masks, variables, type names."""
    return _PLACEHOLDER.fullmatch(text) is not None


def is_password(text: str) -> bool:
    """Whether a value assigned to a password key can be a password."""
    return not is_placeholder(text) and _DOTTED_WORDS.fullmatch(text) is None


def is_chosen_password(text: str) -> bool:
    """As `is_password`, for prose: plain words after "the password is" are not taken."""
    plain = text.rstrip(".,;:!?")
    return is_password(text) and not (plain.isalpha() and (plain.islower() or plain.istitle()))


def is_key_material(text: str) -> bool:
    """Whether a value assigned to a key or token name has the texture of key material."""
    if is_placeholder(text) or not any(c.isdigit() for c in text) or not any(c.isalpha() for c in text):
        return False
    return shannon_bits(text) >= SHANNON_KEY_BITS


def key_material(text: str) -> tuple[int, int] | None:
    """Where the key material in an assignment ends: a full stop behind it belongs to the sentence."""
    value = text.rstrip(".~-") if text[-1:] in ".~-" else text
    return (0, len(value)) if is_key_material(value) else None


def password(text: str) -> tuple[int, int] | None:
    """Where a password in an assignment ends: before the next parameter of a query string."""
    following = _NEXT_PARAMETER.search(text)
    value = text[: following.start()] if following else text
    return (0, len(value)) if is_password(value) else None


def is_key_value(text: str) -> bool:
    """Whether what stands where only a key can stand is one, rather than a variable or a word in a manual."""
    return not is_placeholder(text) and len(set(text)) >= KEY_VALUE_DISTINCT and not text.isalpha()


def has_jwt_header(token: str) -> bool:
    """Whether the first part decodes to a JSON object that names an algorithm (RFC 7515 section 4.1.1)."""
    first = token.split(".", 1)[0][:_JWT_HEADER_CHARS_MAX]
    try:
        header = json.loads(base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return False
    return isinstance(header, dict) and "alg" in header
