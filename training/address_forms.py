"""How addresses are written where: countries by language, postcodes, kinds of streets.

Must never: hold a street or a town by name.
"""

from __future__ import annotations

from typing import Final

COUNTRIES: Final[dict[str, tuple[tuple[str, float], ...]]] = {
    "en": (("US", 5), ("GB", 4), ("CA", 1), ("AU", 1), ("IE", 0.6)),
    "de": (("DE", 6), ("AT", 1), ("CH", 1)),
    "fr": (("FR", 1),), "es": (("ES", 1),), "it": (("IT", 1),), "nl": (("NL", 1),), "pt": (("PT", 1), ("BR", 1.2)),
}  # fmt: skip
NAMES: Final = {
    "US": ("USA", "United States"), "GB": ("United Kingdom", "UK", "England"), "CA": ("Canada",),
    "AU": ("Australia",), "IE": ("Ireland",), "DE": ("Deutschland", "Germany"), "AT": ("Österreich",),
    "CH": ("Schweiz",), "FR": ("France",), "ES": ("España",), "IT": ("Italia",), "NL": ("Nederland",),
    "PT": ("Portugal",), "BR": ("Brasil",),
}  # fmt: skip
LANGUAGE_OF: Final = {country: language for language, countries in COUNTRIES.items() for country, _ in countries}
STATES: Final = {"US": "en_US", "CA": "en_CA", "AU": "en_AU"}
STATE_ATTRIBUTES: Final = {"US": "states_abbr", "CA": "provinces_abbr", "AU": "states_abbr"}
STATE_NAMES: Final = {"US": "states", "CA": "provinces", "AU": "states"}
NO_POSTCODE_SHARE: Final = 0.1
MILITARY_SHARE: Final = 0.02
ITALIAN_PROVINCES: Final = ("MI", "RM", "TO", "NA", "BO", "FI", "VE", "GE", "PA", "BA", "VR", "PD", "BG", "MB")
BRAZILIAN_STATES: Final = ("SP", "RJ", "MG", "RS", "PR", "BA", "SC", "PE", "CE", "GO", "DF")
POSTCODES: Final[dict[str, tuple[str, ...]]] = {  # '#' a digit, '%' a digit but 0, '?' a letter
    "US": ("#####", "#####", "#####", "#####-####"), "CA": ("?#? #?#",), "AU": ("%###",), "IE": ("?## ?#??",),
    "GB": ("?# #??", "?## #??", "??# #??", "??## #??", "?#? #??"), "DE": ("#####",), "AT": ("%###",),
    "CH": ("%###", "%###", "CH-%###"), "FR": ("#####",), "ES": ("#####",), "IT": ("#####",),
    "NL": ("%### ??", "%### ??", "%###??"), "PT": ("%###-###",), "BR": ("#####-###",),
}  # fmt: skip
POSTCODE_LETTERS: Final = "ABCDEFGHJKLMNPRSTWXYZ"

STREETS: Final[dict[str, tuple[str, ...]]] = {
    "fr": ("rue", "rue", "rue de", "avenue", "avenue de", "boulevard", "place", "chemin de", "allée", "impasse"),
    "es": (
        "Calle",
        "Calle",
        "C/",
        "Avenida",
        "Avda.",
        "Av. de",
        "Plaza",
        "Paseo de",
        "Ronda de",
        "Camino",
        "C.",
        "Rambla",
        "Glorieta de",
        "Pasaje",
        "Cuesta de",
        "Callejón de",
        "Alameda",
        "Urbanización",
        "Vial de",
        "Acceso",
    ),
    "it": (
        "Via",
        "Via",
        "Viale",
        "Corso",
        "Piazza",
        "Largo",
        "Vicolo",
        "Strada",
        "Via dei",
        "V.le",
        "Borgo",
        "Contrada",
        "Rotonda",
        "Canale",
        "Incrocio",
        "Stretto",
    ),
    "pt": (
        "Rua",
        "Rua",
        "R.",
        "Avenida",
        "Av.",
        "Travessa",
        "Praça",
        "Rua da",
        "Rua do",
        "Largo",
        "Alameda",
        "Estrada",
        "Rodovia",
        "Vila",
        "Jardim",
        "Parque",
        "Ladeira",
        "Viela",
        "Quadra",
        "Residencial",
        "Setor",
    ),
}
NL_SUFFIXES: Final = ("straat", "straat", "weg", "laan", "plein", "gracht", "kade", "singel", "dijk", "hof", "pad")
EN_SUFFIXES: Final = (
    "Street", "Street", "St", "St.", "Road", "Road", "Rd", "Rd.", "Avenue", "Avenue", "Ave", "Ave.", "Lane", "Ln",
    "Drive", "Dr", "Dr.", "Court", "Ct", "Boulevard", "Blvd", "Place", "Pl", "Way", "Terrace", "Close", "Crescent",
    "Square", "Parkway", "Circle", "Trail", "Gardens", "Grove", "Hill", "Mews", "Row", "Walk", "Highway", "Park",
)  # fmt: skip
DE_SUFFIXES: Final = (
    "straße", "straße", "straße", "str.", "str.", "weg", "weg", "gasse", "platz", "allee", "ring", "damm", "ufer",
    "strasse", "steig", "chaussee", "park", "hof",
)  # fmt: skip
