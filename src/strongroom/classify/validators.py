"""Validators: what decides after a pattern has proposed. The catalogue names them, with an argument after a colon.

A validator is given the candidate and answers which part of it is the value: a (start, end) slice, or None to
refuse. Patterns may be wide because of this; order numbers, versions and hashes fail here.

Must never: raise on any text a pattern can propose, keep the value, or reach the network.
"""

from __future__ import annotations

import importlib
import ipaddress
import re
from collections.abc import Callable
from typing import Final

from strongroom.classify import checksums, phone, secret_shape
from strongroom.classify.plates import DISTRICTS
from strongroom.errors import PolicyInvalidError

Slice = tuple[int, int] | None
Validator = Callable[[str], Slice]

MULTICAST_FIRST = 224
"""First octet from which IPv4 addresses are no host's (RFC 5771); netmasks begin there as well."""

NOT_TRIVIAL_DISTINCT = 3
"""Fewer distinct characters than this is a filler such as 00000000 or 0x0…0."""

LOCAL_PART_MAX, DOMAIN_MAX = 64, 255
"""RFC 5321 section 4.5.3.1."""

_NOT_ALNUM = re.compile(r"[^0-9A-Za-z]+")
_GROUP = re.compile(r"[0-9A-Za-z]+")
_FILE_SUFFIXES: Final = frozenset(
    """
    png jpg jpeg gif svg webp ico pdf js mjs ts tsx jsx css html htm json yaml yml toml xml md txt py rb go
    rs java class jar war exe dll so zip gz tar whl lock log csv tsv sql sh bat ps1 ini cfg conf map wasm
    woff woff2
    """.split()  # noqa: SIM905 - a list of literals would be ten times as long
)
_MONTHS: Final = frozenset(
    """
    january february march april may june july august september october november december januar februar märz
    mai juni juli oktober dezember jan feb mar apr jun jul aug sep sept oct nov dec mrz okt dez jänner
    """.split()  # noqa: SIM905 - a list of literals would be ten times as long
)
_MAESTRO: Final = frozenset({50, 56, 57, 58, 63, 67, 68})
_MAESTRO_OLD: Final = frozenset({56, 57, 58})
_MAESTRO_SHORT: Final = frozenset({604, 5018, 5020, 5038, 6304, 6390, 6759, 6761, 6762, 6763})
"""Ranges with cards of twelve digits; elsewhere twelve digits that pass Luhn are somebody's parcel."""

_DAY_MAX, _MONTH_MAX = 31, 12
_NINO_UNUSED: Final = frozenset({"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"})
_SSN_PUBLISHED: Final = frozenset({"078051120", "219099999", "123456789", "111111111", "333333333"})
_BARE_STREET = re.compile(
    r"(?:(\w+)[ \-])?(?:Straße|Strasse|Str\.|Weg|Platz|Allee|Gasse|Ring|Damm|Ufer|Chaussee|Promenade) ?\d"
)
_NOT_A_STREET_NAME: Final = frozenset(
    """
    auf der die das den dem des ein eine einen einem kein keinen mein sein dein ihr jeder im vom zum am an
    beim pro mit und oder nach vor für von bei zur er sie es wir erster letzter
    """.split()  # noqa: SIM905 - a list of literals would be ten times as long
)


def compact(value: str) -> str:
    """ASCII letters and digits only."""
    return _NOT_ALNUM.sub("", value)


def _whole(test: Callable[[str], bool]) -> Validator:
    """A validator that takes all or nothing, from a test of the value as it stands."""
    return lambda value: (0, len(value)) if test(value) else None


def _whole_compact(test: Callable[[str], bool]) -> Validator:
    """As `_whole`, for tests that want upper-case letters and digits alone."""
    return lambda value: (0, len(value)) if test(compact(value).upper()) else None


def _prefix_of(value: str, start: int, length: int) -> Slice:
    """The slice from `start` holding `length` alphanumerics, if it ends where a group ends."""
    seen = 0
    for place in range(start, len(value)):
        seen += value[place].isalnum()
        if seen == length:
            end = place + 1
            return (start, end) if end == len(value) or not value[end].isalnum() else None
    return None


def card(value: str) -> Slice:
    """A payment card number: issuer range, its length, Luhn (ISO/IEC 7812).

    Groups before and behind it that the pattern took as well, such as a year or an expiry date, are dropped.
    """
    for group in _GROUP.finditer(value):
        digits = compact(value[group.start() :])
        lengths = _card_lengths(digits)
        for length in (len(digits), *lengths) if len(digits) in lengths else lengths:
            number = digits[:length]
            if len(number) == length and checksums.luhn(number) and len(set(number)) > 1:
                found = _prefix_of(value, group.start(), length)
                if found is not None:
                    return found
    return None


def _card_lengths(digits: str) -> tuple[int, ...]:
    """Lengths in use for the issuer that `digits` begins with, the usual one first."""
    two, four = int(digits[:2]), int(digits[:4])
    if digits[0] == "4":
        return 16, 19, 13
    if 51 <= two <= 55 or 2221 <= four <= 2720 or four in {9792, 8600}:  # noqa: PLR2004 - Mastercard, Troy, Uzcard
        return (16,)
    if two in {34, 37} or four in {1800, 2131}:
        return (15,)
    if two in {36, 38, 39} or 3000 <= four <= 3059:  # noqa: PLR2004 - Diners Club
        return 14, 16, 19
    if two in {35, 60, 62, 64, 65, 81} or 2200 <= four <= 2205:  # noqa: PLR2004 - JCB to UnionPay; Mir
        return 16, 19, 17, 18
    short = two in _MAESTRO_OLD or four in _MAESTRO_SHORT
    return ((16, 18, 19, 12) if short else (16, 18, 19)) if short or two in _MAESTRO else ()


def iban(value: str) -> Slice:
    """An IBAN: the country's length, then MOD 97-10; words around it that the pattern took are dropped."""
    for group in _GROUP.finditer(value):
        text = compact(value[group.start() :]).upper()
        length = checksums.IBAN_LENGTHS.get(text[:2], 0)
        if length and len(text) >= length and text[2:4].isdigit() and checksums.mod97(text[:length]):
            found = _prefix_of(value, group.start(), length)
            if found is not None:
                return found
    return None


def email(value: str) -> Slice:
    """A mailbox: quotes and dots around the local part are dropped; file names such as image@2x.png refused."""
    start = len(value) - len(value.lstrip(".-%&'~+"))
    local, _, domain = value[start:].rpartition("@")
    suffix = domain.rpartition(".")[2].lower()
    if not local or ".." in local or local.endswith(".") or domain.startswith("-") or suffix in _FILE_SUFFIXES:
        return None
    if (
        len(local) > LOCAL_PART_MAX
        or len(domain) > DOMAIN_MAX
        or not (suffix.isalpha() or suffix.startswith("xn--"))
    ):
        return None
    return start, len(value)


def ipv4(value: str) -> Slice:
    """A host's address, its octets already checked; loopback, multicast and netmasks are refused (RFC 6890)."""
    first = int(value.partition(".")[0])
    return (0, len(value)) if first not in {0, 127} and first < MULTICAST_FIRST else None


def ipv6(value: str) -> Slice:
    """A host's IPv6 address with enough digits not to be a scope operator or a time (RFC 4291)."""
    try:
        address = ipaddress.IPv6Address(value)
    except ValueError:
        return None
    enough = sum(char != ":" for char in value)
    return (0, len(value)) if enough >= 6 and not address.is_loopback else None  # noqa: PLR2004 - hex digits


def date(value: str) -> Slice:
    """A calendar date in digits, or with a month's name in English or German."""
    numbers = [int(n) for n in re.findall(r"\d+", value)]
    words = [w.casefold() for w in re.findall(r"[^\W\d_]+", value)]
    if words:
        return (0, len(value)) if words[0] in _MONTHS and 1 <= min(numbers) <= _DAY_MAX else None
    small = [n for n in numbers if n <= _DAY_MAX]
    fits = min(numbers[:2]) >= 1 and len(small) >= len(numbers) - 1 and any(1 <= n <= _MONTH_MAX for n in small)
    return (0, len(value)) if fits else None


def _plate_de(serial_min: int) -> Validator:
    """A German registration plate: a known district, and at least so many letters and digits after it."""

    def test(value: str) -> bool:
        district, rest = re.split(r"[-: ]", value, maxsplit=1)
        return district in DISTRICTS and len(compact(rest)) >= serial_min

    return _whole(test)


def street_de(value: str) -> Slice:
    """Refuses a bare "Platz 3" or "auf dem Weg 5"; compound names and named squares pass."""
    bare = _BARE_STREET.match(value)
    named = bare is None or (bare.group(1) or "der").casefold() not in _NOT_A_STREET_NAME
    return (0, len(value)) if named else None


def mac(value: str) -> bool:
    """A hardware address; all zeros, all ones and dotted digits alone (a date, a version) are refused."""
    return len(set(compact(value))) > 1 and not ("." in value and compact(value).isdigit())


def _ssn(digits: str) -> bool:
    usable = digits[:3] not in {"000", "666"} and digits[0] != "9" and digits[3:5] != "00" and digits[5:] != "0000"
    return usable and digits not in _SSN_PUBLISHED


def _at_least_digits(count: int, *, letters: bool) -> Validator:
    def test(value: str) -> bool:
        return sum(c.isdigit() for c in value) >= count and (not letters or any(c.isalpha() for c in value))

    return _whole(test)


def _entropy(bits: float, *, mixed: bool) -> Validator:
    def check(value: str) -> Slice:
        end = len(value) - value.endswith(".")  # a full stop behind a key belongs to the sentence
        fits = (not mixed or secret_shape.is_mixed(value)) and secret_shape.shannon_bits(value) >= bits
        return (0, end) if fits else None

    return check


def _phone(regions: tuple[str, ...], *, possible: bool = False) -> Validator:
    def check(value: str) -> Slice:
        length = phone.accepted_length(value, regions, possible=possible)
        return (0, length) if length else None

    return check


def _stdnum(name: str) -> Validator:
    module = importlib.import_module(f"stdnum.{name}")
    return _whole(lambda value: bool(module.is_valid(value)))


_PLAIN: Final[dict[str, Validator]] = {
    "card": card,
    "iban": iban,
    "email": email,
    "ipv4": ipv4,
    "ipv6": ipv6,
    "date": date,
    "street_de": street_de,
    "phone": _phone(phone.REGIONS),
    "phone_possible": _phone(phone.REGIONS, possible=True),
    "phone_abroad": phone.abroad,
    "phone_shape": phone.shaped,
    "luhn": _whole_compact(checksums.luhn),
    "ssn": _whole_compact(_ssn),
    "rvnr": _whole_compact(checksums.rvnr),
    "kvnr": _whole(checksums.kvnr),
    "lanr": _whole(checksums.lanr),
    "nric": _whole(checksums.nric),
    "dea": _whole(checksums.dea),
    "vin": _whole(checksums.vin),
    "npi": _whole(lambda v: checksums.luhn("80840" + v)),
    "nino": _whole(lambda v: v[:2] not in _NINO_UNUSED),
    "mac": _whole(mac),
    "ausweis": _whole(lambda v: checksums.icao_check(v[:9]) == int(v[9]) and any(c.isdigit() for c in v[:9])),
    "crc62": _whole(checksums.crc62),
    "snils": _whole_compact(checksums.snils),
    "pis": _whole_compact(checksums.pis),
    "au_medicare": _whole_compact(checksums.au_medicare),
    "jwt": _whole(secret_shape.has_jwt_header),
    "password": secret_shape.password,
    "chosen_password": _whole(secret_shape.is_chosen_password),
    "key_material": secret_shape.key_material,
    "key_value": _whole(secret_shape.is_key_value),
    "base58check": _whole(checksums.base58check),
    "not_trivial": _whole(lambda v: len(set(v)) >= NOT_TRIVIAL_DISTINCT),
}
_WITH_ARGUMENT: Final[dict[str, Callable[[str], Validator]]] = {
    "stdnum": _stdnum,
    "phone": lambda regions: _phone(tuple(regions.split(","))),
    "phone_possible": lambda regions: _phone(tuple(regions.split(",")), possible=True),
    "plate_de": lambda serial_min: _plate_de(int(serial_min)),
    "digits": lambda count: _at_least_digits(int(count), letters=False),
    "mixed": lambda count: _at_least_digits(int(count), letters=True),
    "shannon": lambda bits: _entropy(float(bits), mixed=False),
    "entropy": lambda bits: _entropy(float(bits), mixed=True),
}


def validator(name: str) -> Validator:
    """The validator called `name`, such as ``luhn``, ``stdnum:pl.pesel`` or ``entropy:3.5``.

    Raises `PolicyInvalidError` when there is no such validator or its argument does not fit.
    """
    plain, colon, argument = name.partition(":")
    try:
        return _WITH_ARGUMENT[plain](argument) if colon else _PLAIN[plain]
    except (KeyError, ValueError, ImportError) as error:
        msg = f"catalogue: there is no validator {name!r}"
        raise PolicyInvalidError(msg) from error
