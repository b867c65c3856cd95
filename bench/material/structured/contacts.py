"""Telephone numbers and e-mail addresses for the structured corpus.

Numbers are filled into the groupings people write in each country (ITU-T E.123 and the national plans), with
leading digits that are in use there; a second source is Faker, which knows nothing of plans.

Must never: use an expression or a check of the catalogue; the corpus is what those are measured against.
"""

from __future__ import annotations

from random import Random  # noqa: TID251 - repeatable on purpose
from typing import Final

from faker import Faker

PLANS: Final[dict[str, tuple[str, ...]]] = {
    "DE": (
        "+49 171 #######",
        "+49 (0)30 ########",
        "0049 89 #######",
        "0151 ########",
        "030 / 9018##",
        "(040) 4288####",
        "0221-9777####",
        "+49-160-#######",
        "+4915123######",
        "0170/3######",
    ),
    "AT": ("+43 664 #######", "+43 1 5131###", "0664 / 3######", "0676 #######"),
    "CH": ("+41 79 2## ## ##", "+41 44 668 ## ##", "079 4## ## ##", "044 668 ## ##", "0041 78 6## ## ##"),
    "US": (
        "+1 415-555-####",
        "+1 (212) 736-####",
        "(312) 555-01##",
        "206-555-01##",
        "646.736.####",
        "1-800-356-####",
        "+1 650 253 ####",
        "(503) 226-#### ext. ###",
        "+19172#######",
    ),
    "CA": ("+1 416 967 ####", "(604) 683-####", "514-872-####"),
    "GB": (
        "+44 20 7946 0###",
        "+44 7700 900###",
        "07700 900###",
        "020 7946 0###",
        "(0121) 496 0###",
        "0161 496 0###",
        "+447911######",
        "07911 ######",
        "01632 960###",
    ),
    "IE": ("+353 1 679 ####", "+353 87 1######", "087 2## ####", "(01) 679 ####"),
    "FR": (
        "+33 6 12 ## ## ##",
        "+33 1 42 68 ## ##",
        "06 12 ## ## ##",
        "01.42.68.##.##",
        "07-81-##-##-##",
        "0033 6 34 ## ## ##",
        "+33612######",
    ),
    "ES": ("+34 612 ## ## ##", "+34 91 411 ## ##", "+34 655 ### ###"),
    "IT": ("+39 347 #######", "+39 06 6982####", "+39 02 7200 ####", "02 7200####", "06 698 #####"),
    "NL": ("+31 6 1#######", "+31 20 624 ####", "06-1#######", "020 624 ####", "(010) 433 ####", "06 12 ## ## ##"),
    "BE": ("+32 470 ## ## ##", "+32 2 513 ## ##", "0470 ## ## ##", "02 513 ## ##", "0475/12.##.##"),
    "PT": ("+351 912 ### ###", "+351 21 342 ####", "00351 963 ### ###"),
    "PL": ("+48 601 ### ###", "+48 22 621 ## ##", "+48 512-###-###"),
    "SE": ("+46 70 123 ## ##", "070-123 ## ##", "08-508 ## ###", "+46 8 508 ## ###"),
    "NO": ("+47 412 ## ###", "+47 22 34 ## ##"),
    "DK": ("+45 20 ## ## ##", "+45 33 66 ## ##"),
    "FI": ("+358 40 123 ####", "040 123 ####", "+358 9 310 #####"),
    "CZ": ("+420 601 ### ###", "+420 224 811 ###"),
    "GR": ("+30 694 ### ####", "+30 210 372 ####"),
    "RO": ("+40 721 ### ###", "0721 ### ###"),
    "HU": ("+36 20 3## ####", "06 20 3## ####"),
    "TR": ("+90 532 ### ## ##", "0532 ### ## ##", "0212 292 ## ##"),
    "UA": ("+380 50 3## ## ##", "+380 44 278 ####"),
    "RU": ("+7 916 ###-##-##", "8 (495) 697-##-##"),
    "IN": ("+91 98765 #####", "+91-99100-#####"),
    "CN": ("+86 138 1### ####", "+86 10 6552 ####"),
    "JP": ("+81 90-1###-####", "03-3581-####", "090-1###-####"),
    "KR": ("+82 10-2###-####", "010-2###-####"),
    "AU": ("+61 412 ### ###", "0412 ### ###", "(02) 9250 ####", "+61 2 9250 ####"),
    "NZ": ("+64 21 1## ####", "021 1## ####"),
    "BR": ("+55 11 9####-####", "(11) 9####-####", "(21) 2###-####"),
    "MX": ("+52 55 5### ####", "+52 1 55 1### ####"),
    "AR": ("+54 9 11 5###-####",),
    "ZA": ("+27 82 4## ####", "082 4## ####"),
    "IL": ("+972 50-2##-####", "050-2##-####"),
    "AE": ("+971 50 6## ####",),
    "SG": ("+65 9### ####",),
    "NG": ("+234 803 ### ####",),
    "EG": ("+20 10 0### ####",),
}
"""What people write, by country: one character ``#`` is any digit."""

NAMED_ONLY: Final[dict[str, tuple[str, ...]]] = {
    "DE": ("01512#######", "03090######"),
    "US": ("2127######", "4156######"),
    "ES": ("612 ## ## ##", "91 411 ## ##", "655 ### ###", "612######"),
    "IT": ("347 #######", "347 ### ####", "3471######"),
    "PT": ("912 ### ###", "21 342 ####", "912######"),
    "PL": ("601 ### ###", "22 621 ## ##", "601-###-###"),
    "NO": ("412 ## ###", "22 34 ## ##"),
    "DK": ("20 ## ## ##", "2012####"),
    "CZ": ("601 ### ###",),
    "IN": ("98765 #####", "9876######"),
    "FR": ("0612######",),
    "NL": ("061#######",),
    "GB": ("07911######",),
    "SG": ("9### ####",),
    "CN": ("138 1### ####",),
    "BR": ("11 9####-####",),
}
"""National forms that say nothing by themselves: they stand beside a word for telephone."""

LOCALES: Final = (
    "en_US",
    "en_GB",
    "de_DE",
    "fr_FR",
    "es_ES",
    "it_IT",
    "nl_NL",
    "pt_PT",
    "pl_PL",
    "sv_SE",
    "de_AT",
    "de_CH",
    "en_AU",
    "en_CA",
    "cs_CZ",
    "fi_FI",
    "da_DK",
    "no_NO",
    "pt_BR",
    "en_IE",
)

_USERS: Final = (
    "anna.schmidt",
    "j.doe+billing",
    "o'connor",
    "first_last",
    "x",
    "büro",
    "jose.nuñez",
    "marie-claire",
    "sales%eu",
    "12345",
    "a.b.c.d",
    "no-reply",
    "UPPER.CASE",
    "team{n}",
    "kontakt",
    "li.wei88",
)
_HOSTS: Final = (
    "example.com",
    "mail.example.co.uk",
    "firma-beispiel.de",
    "sub.sub2.example.org",
    "uni-köln.example",
    "exa_mple.com",
    "acme.io",
    "example.photography",
    "xn--bcher-kva.example",
    "EXAMPLE.NET",
    "bank.example.com.br",
    "data.gouv.example",
)


def fill(rng: Random, mask: str) -> str:
    """`mask` with a digit for every ``#``."""
    return "".join(rng.choice("0123456789") if char == "#" else char for char in mask)


def phone(rng: Random) -> str:
    """A number in a form that is one by itself."""
    return fill(rng, rng.choice(PLANS[rng.choice(sorted(PLANS))]))


def phone_named(rng: Random, fakers: dict[str, Faker]) -> str:
    """A number in any form, for a place beside a word that says telephone."""
    share = rng.random()
    if share < 0.4:
        return str(fakers[rng.choice(LOCALES)].phone_number())
    source = PLANS if share < 0.6 else NAMED_ONLY
    return fill(rng, rng.choice(source[rng.choice(sorted(source))]))


def email(rng: Random, fakers: dict[str, Faker]) -> str:
    """With plus signs, apostrophes, sub-domains, umlauts, punycode and capitals; half of them from Faker."""
    if rng.random() < 0.5:
        return str(fakers[rng.choice(LOCALES)].email())
    host = rng.choice([name for name in _HOSTS if "_" not in name])
    return f"{rng.choice(_USERS).format(n=rng.randrange(99))}@{host}"
