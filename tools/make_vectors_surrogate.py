"""Write ``vectors/surrogate``: one scenario per file, from a second implementation of docs/spec/surrogate.md.

Run it with no argument, or with another directory; it is deterministic, and a test compares its output with
what is committed. The implementation here walks the text character by character, as the specification reads.

Must never: import `strongroom`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent / "vectors" / "surrogate"
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DIGITS = "0123456789"
PURPOSE_KEY = hashlib.sha256(b"purpose key of acme/prod").digest()

KIND_MOST = 32
EMPHASIS_MOST = 3
MARKS_MOST = 7

Vector = dict[str, Any]
Piece = tuple[str, str]


def runs(text: str) -> Iterator[tuple[int, list[Piece]]]:
    """Every run: where it starts, and its characters as (meaning, spelling)."""
    at = 0
    while at < len(text):
        start, pieces = at, []
        while at < len(text):
            if text[at] in UPPER + DIGITS + "_":
                pieces.append((text[at], text[at]))
            elif text[at : at + 2] == "\\_":
                pieces.append(("_", "\\_"))
            else:
                break
            at += len(pieces[-1][1])
        if pieces:
            yield start, pieces
        else:
            at += 1


def is_code(text: str) -> bool:
    """Seven or thirteen of the alphabet, a digit and a letter among them."""
    return (
        len(text) in (7, 13)
        and all(c in CROCKFORD for c in text)
        and any(c in DIGITS for c in text)
        and any(c in UPPER for c in text)
    )


def is_kind(text: str) -> bool:
    """At most 32 characters, segments of letters and digits, the first with a letter in front."""
    segments = text.split("_")
    return len(text) <= KIND_MOST and all(segments) and text[0] in UPPER


def found(text: str) -> list[Vector]:
    """What a reader finds in `text`: start, end, surrogate, number of marks."""
    out = []
    for start, run in runs(text):
        meaning = "".join(m for m, _ in run)
        before = len(meaning) - len(meaning.lstrip("_"))
        after = len(meaning) - len(meaning.rstrip("_"))
        if before > EMPHASIS_MOST or after > EMPHASIS_MOST or before == len(meaning):
            continue
        inner = meaning[before : len(meaning) - after]
        head, _, code = inner.rpartition("_")
        kind = head.rstrip("_")
        marks = len(head) - len(kind)
        if not is_code(code) or not kind or not is_kind(kind) or marks > MARKS_MOST:
            continue
        lengths = [len(s) for _, s in run]
        begin = start + sum(lengths[:before])
        end = begin + sum(lengths[before : len(meaning) - after])
        gap = len(run[before + len(head)][1])
        out.append({"start": begin, "end": end, "surrogate": f"{kind}_{code}", "marks": marks, "gap": gap})
    return out


def restored(text: str, values: dict[str, str]) -> str:
    """Values put back, one mark taken off."""
    out, done = "", 0
    for item in found(text):
        code_start = item["end"] - len(item["surrogate"].rpartition("_")[2])
        if item["marks"]:
            out += text[done : code_start - item["gap"]] + text[code_start : item["end"]]
        elif item["surrogate"] in values:
            out += text[done : item["start"]] + values[item["surrogate"]]
        else:
            continue
        done = item["end"]
    return out + text[done:]


def marked(text: str, issued: list[str]) -> str:
    """Look-alikes marked."""
    out, done = "", 0
    for item in found(text):
        if (item["marks"] == 0 and item["surrogate"] in issued) or item["marks"] >= MARKS_MOST:
            continue
        code_start = item["end"] - len(item["surrogate"].rpartition("_")[2])
        out += text[done:code_start] + "_"
        done = code_start
    return out + text[done:]


def mac(key: bytes, message: bytes) -> bytes:
    """HMAC-SHA-256."""
    return hmac.new(key, message, hashlib.sha256).digest()


def characters(raw: bytes, count: int) -> str:
    """Base 32, most significant bits first."""
    bits = "".join(f"{byte:08b}" for byte in raw)
    return "".join(CROCKFORD[int(bits[5 * i : 5 * i + 5], 2)] for i in range(count))


def derived(scope_kind: str, scope_id: str, kind: str, normalized: str, probe: int) -> Vector:
    """Every step of the derivation."""
    raw = scope_id.encode("utf-8", "surrogatepass")
    message = struct.pack(">H", 3)
    for mark, part in ((b"s", b"strongroom/surrogate/scope/1"), (b"s", scope_kind.encode()), (b"b", raw)):
        message += mark + struct.pack(">I", len(part)) + part
    scope_key = mac(PURPOSE_KEY, message)
    value = normalized.encode("utf-8", "surrogatepass")
    lookup = mac(scope_key, b"value\0" + kind.encode() + b"\0" + value)
    length = 5 if scope_kind == "conversation" else 11
    data = characters(mac(scope_key, b"data\0" + struct.pack(">I", probe) + lookup), length)
    check = characters(mac(scope_key, b"check\0" + kind.encode() + b"\0" + data.encode()), 2)
    return {
        "ref": mac(scope_key, b"ref")[:16].hex(),
        "lookup": lookup.hex(),
        "surrogate": f"{kind}_{data}{check}" if is_code(data + check) else None,
    }


TEXTS = {
    "plain": ("in a sentence", "Mail EMAIL_7KQ2M9X about CARD_0X4T1ZB."),
    "long_code": ("a code of a larger scope", "see CUSTOMER_ID_7KQ2M9X7KQ2M1"),
    "whole_text": ("the text is the surrogate", "EMAIL_7KQ2M9X"),
    "empty": ("nothing in nothing", ""),
    "no_digit": ("an ordinary constant", "EMAIL_ADDRESS and NUM_THREADS"),
    "no_letter": ("an ordinary number", "ORDER_1234567"),
    "wrong_letters": ("not of the alphabet", "CARD_0X4TIZB CARD_0X4TLZB CARD_0X4TOZB CARD_0X4TUZB"),
    "wrong_length": ("6, 8, 12 and 14 characters", "A_7KQ2M9 A_7KQ2M9X1 A_7KQ2M9X7KQ2M A_7KQ2M9X7KQ2M12"),
    "lower_case": ("case is not folded", "email_7kq2m9x Email_7KQ2M9X"),
    "suffix_letter": ("a genitive and a plural end the run", "PERSON_7KQ2M9Xs PERSON_7KQ2M9X's"),
    "suffix_run": ("the run goes on", "CARD_7KQ2M9X_2 CARD_7KQ2M9XA"),
    "prefix_run": ("the kind is what the run says", "MY_CARD_7KQ2M9X 9CARD_7KQ2M9X"),
    "emphasis": ("Markdown emphasis", "_CARD_7KQ2M9X_ __CARD_7KQ2M9X__ ___CARD_7KQ2M9X___ **CARD_7KQ2M9X**"),
    "emphasis_too_much": ("four underscores are no emphasis", "____CARD_7KQ2M9X CARD_7KQ2M9X____"),
    "escaped": ("Markdown escapes", "STEUER\\_ID\\_7KQ2M9X \\_CARD\\_7KQ2M9X\\_"),
    "escaped_left": ("an escaped underscore belongs to the run", "X\\_CARD_7KQ2M9X a\\_CARD_7KQ2M9X"),
    "backslash": ("a backslash before something else ends the run", "C:\\CARD_7KQ2M9X CARD_7KQ2M9X\\n"),
    "double_backslash": ("only the last backslash counts", "CARD\\\\_7KQ2M9X \\\\_CARD_7KQ2M9X"),
    "non_ascii": ("other scripts end a run", "ÄCARD_7KQ2M9Xß CARD_7KQ2M9X\uff19 É_CARD_7KQ2M9X"),
    "kind_longest": ("32 characters", f"{'K' * 32}_7KQ2M9X"),
    "kind_too_long": ("33 characters", f"{'K' * 33}_7KQ2M9X"),
    "kind_digit": ("a kind begins with a letter", "2FA_7KQ2M9X _2FA_7KQ2M9X A2FA_7KQ2M9X"),
    "kind_single": ("one letter", "A_7KQ2M9X"),
    "kind_gap": ("no double underscore inside a kind", "STEUER__ID_7KQ2M9X"),
    "marked": ("a marked look-alike", "TABLE__7F3A9C1 TABLE\\_\\_7F3A9C1 TABLE\\__7F3A9C1"),
    "marked_most": ("eight underscores are still a mark, nine are text", f"T{'_' * 8}7F3A9C1 T{'_' * 9}7F3A9C1"),
    "adjacent": ("two with a separator", "CARD_7KQ2M9X,CARD_0X4T1ZB\nCARD_7KQ2M9X"),
    "glued": ("two without one", "CARD_7KQ2M9XCARD_0X4T1ZB CARD_7KQ2M9X_CARD_0X4T1ZB"),
    "json": ("inside JSON text", '{"to":"EMAIL_7KQ2M9X","n":"\\nCARD_0X4T1ZB"}'),
}  # fmt: skip
VALUES = {
    "EMAIL_7KQ2M9X": "jo@example.com",
    "CARD_0X4T1ZB": "4111 1111 1111 1111",
    "PERSON_7KQ2M9X": "Jörg \\_ CARD_0X4T1ZB",
    "CARD_7KQ2M9X": "",
}
DERIVATIONS = {
    "derive_conversation": ("conversation", "c-1", "EMAIL", "jo@example.com", 0),
    "derive_other_conversation": ("conversation", "c-2", "EMAIL", "jo@example.com", 0),
    "derive_other_kind": ("conversation", "c-1", "PHONE", "jo@example.com", 0),
    "derive_other_probe": ("conversation", "c-1", "EMAIL", "jo@example.com", 1),
    "derive_principal": ("principal", "bot", "EMAIL", "jo@example.com", 0),
    "derive_tenant": ("tenant", "", "CUSTOMER_ID", "kd-17", 0),
    "derive_unicode": ("conversation", "größe", "PERSON", "jörg", 7),
    "derive_lone_surrogate": ("conversation", "c-1", "PERSON", "\ud800", 0),
}


def without_code() -> tuple[str, str, str, str, int]:
    """The first value whose code has no digit: the issuer passes over it."""
    for number in range(10_000):
        candidate = ("conversation", "c-1", "EMAIL", f"user{number}@example.com", 0)
        if derived(*candidate)["surrogate"] is None:
            return candidate
    raise AssertionError


def vectors() -> Iterator[tuple[str, Vector]]:
    """Every file: name and content."""
    for name, (comment, text) in TEXTS.items():
        hits = [{key: item[key] for key in ("start", "end", "surrogate", "marks")} for item in found(text)]
        more = {
            "found": hits,
            "values": VALUES,
            "restored": restored(text, VALUES),
            "marked": marked(text, list(VALUES)),
        }
        yield f"text_{name}", {"comment": comment, "expect": "ok", "text": text} | more
    for name, given in (DERIVATIONS | {"derive_no_code": without_code()}).items():
        scope_kind, scope_id, kind, normalized, probe = given
        comment = (
            "no code for this probe" if name == "derive_no_code" else "every step from purpose key to surrogate"
        )
        yield name, {
            "comment": comment, "expect": "ok", "purpose_key": PURPOSE_KEY.hex(), "scope_kind": scope_kind,
            "scope_id": scope_id, "kind": kind, "normalized": normalized, "probe": probe,
        } | derived(*given)  # fmt: skip
    good = derived("conversation", "c-1", "EMAIL", "jo@example.com", 0)["surrogate"]
    other = derived("conversation", "c-2", "EMAIL", "jo@example.com", 0)["surrogate"]
    last = CROCKFORD[(CROCKFORD.index(good[-1]) + 1) % 32]
    checks = {
        "ok": ("issued here", good, "ok"),
        "wrong_check": ("one check character changed", good[:-1] + last, "foreign"),
        "wrong_kind": ("the check covers the kind", good.replace("EMAIL", "PHONE"), "foreign"),
        "wrong_scope": ("of another conversation", other, "foreign"),
        "wrong_length": ("a long code in a conversation", "EMAIL_7KQ2M9X7KQ2M1", "foreign"),
        "escaped": ("an exact spelling only", good.replace("_", "\\_"), "format"),
        "marked": ("a marked look-alike is none", good.replace("_", "__"), "format"),
        "text": ("no surrogate at all", "EMAIL_ADDRESS", "format"),
        "kind_too_long": ("33 characters of kind", f"{'K' * 33}_7KQ2M9X", "format"),
    }
    for name, (comment, text, expect) in checks.items():
        yield f"check_{name}", {
            "comment": comment, "expect": expect, "purpose_key": PURPOSE_KEY.hex(), "scope_kind": "conversation",
            "scope_id": "c-1", "text": text,
        }  # fmt: skip


def main(target: Path) -> None:
    """Write every vector below `target`."""
    target.mkdir(parents=True, exist_ok=True)
    for name, vector in vectors():
        text = json.dumps({"format": "surrogate/1"} | vector, indent=1)
        (target / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT)
