"""What other programs call the kinds of the catalogue: the labels of common models and Presidio's entities.

An empty kind says on purpose that a label is none of ours (a number in words, a work of art).

Must never: guess. A label that is not here has to be mapped by whoever configures the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from strongroom.errors import ModelRefusedError

IGNORED: Final = ""

MODEL_LABELS: Final[Mapping[str, str]] = {
    # CoNLL-2003, WikiNER and most token classifiers
    "PER": "PERSON", "PERSON": "PERSON", "ORG": "ORGANIZATION", "LOC": "LOCATION", "MISC": IGNORED,
    # OntoNotes 5, as spaCy's English pipelines have them
    "GPE": "LOCATION", "FAC": "LOCATION", "NORP": "NATIONALITY", "CARDINAL": IGNORED, "DATE": IGNORED,
    "EVENT": IGNORED, "LANGUAGE": IGNORED, "LAW": IGNORED, "MONEY": IGNORED, "ORDINAL": IGNORED,
    "PERCENT": IGNORED, "PRODUCT": IGNORED, "QUANTITY": IGNORED, "TIME": IGNORED, "WORK_OF_ART": IGNORED,
    # models trained for personal data
    "NAME": "PERSON", "ORGANIZATION": "ORGANIZATION", "LOCATION": "LOCATION", "ADDRESS": "ADDRESS",
    "EMAIL": "EMAIL", "PHONE": "PHONE", "private_person": "PERSON", "private_address": "ADDRESS",
    "private_email": "EMAIL", "private_phone": "PHONE", "private_date": "DATE_OF_BIRTH", "private_url": IGNORED,
    "account_number": "BANK_ACCOUNT", "secret": "GENERIC_SECRET",
}  # fmt: skip

PROMPTS: Final[Mapping[str, str]] = {
    "person": "PERSON",
    "organization": "ORGANIZATION",
    "location": "LOCATION",
    "address": "ADDRESS",
}
"""What a model that takes its labels as words is asked for when nothing else is configured."""

PRESIDIO: Final[Mapping[str, tuple[str, ...]]] = {
    # generic; the first kind is what an entity of Presidio's becomes here, all of them go out under its name
    "PERSON": ("PERSON",),
    "EMAIL_ADDRESS": ("EMAIL",),
    "PHONE_NUMBER": ("PHONE",),
    "CREDIT_CARD": ("CARD",),
    "IBAN_CODE": ("IBAN",),
    "CRYPTO": ("BITCOIN_ADDRESS", "ETHEREUM_ADDRESS"),
    "IP_ADDRESS": ("IP_ADDRESS", "IPV6_ADDRESS"),
    "MAC_ADDRESS": ("MAC_ADDRESS",),
    "LOCATION": ("LOCATION", "ADDRESS", "CITY", "POSTCODE", "BIRTH_PLACE", "GEO_POSITION"),
    "ORGANIZATION": ("ORGANIZATION",),
    "DATE_TIME": ("DATE_OF_BIRTH",),
    "NRP": ("NATIONALITY", "RELIGION"),
    "MEDICAL_LICENSE": ("DEA_NUMBER",),
    "URL": (),
    "UUID": (),
    # by country
    "US_ITIN": ("ITIN",),
    "US_SSN": ("SSN",),
    "US_MBI": ("MEDICARE_MBI",),
    "US_NPI": ("NPI",),
    "ABA_ROUTING_NUMBER": ("ROUTING_NUMBER",),
    "UK_NHS": ("GB_NHS",),
    "UK_NINO": ("GB_NINO",),
    "ES_NIF": ("ES_DNI",),
    "ES_NIE": ("ES_NIE",),
    "IT_FISCAL_CODE": ("IT_CODICE_FISCALE",),
    "IT_IDENTITY_CARD": ("IT_ID_CARD",),
    "IT_VAT_CODE": ("IT_PARTITA_IVA",),
    "PL_PESEL": ("PL_PESEL",),
    "SG_NRIC_FIN": ("SG_NRIC",),
    "AU_TFN": ("AU_TFN",),
    "IN_PAN": ("IN_PAN",),
    "IN_AADHAAR": ("IN_AADHAAR",),
    "FI_PERSONAL_IDENTITY_CODE": ("FI_HETU",),
    "DE_TAX_ID": ("STEUER_ID",),
    "DE_TAX_NUMBER": ("STEUERNUMMER",),
    "DE_ID_CARD": ("PERSONALAUSWEIS",),
    "DE_SOCIAL_SECURITY": ("SOZIALVERSICHERUNG",),
    "DE_HEALTH_INSURANCE": ("KRANKENVERSICHERUNG",),
    "DE_LANR": ("DOCTOR_NUMBER",),
    "DE_HANDELSREGISTER": ("COMPANY_REGISTER",),
    "KR_RRN": ("KR_RRN",),
    "CA_SIN": ("CA_SIN",),
    "SE_PERSONNUMMER": ("SE_PERSONNUMMER",),
    "SE_ORGANISATIONSNUMMER": ("SE_ORGNR",),
    "TH_TNIN": ("TH_PIN", "TH_PIN_PLAIN"),
    "TR_NATIONAL_ID": ("TR_KIMLIK",),
    "ZA_ID_NUMBER": ("ZA_ID",),
}
"""Presidio's entities (presidio-analyzer 2.2.366, and those LiteLLM lists) and the kinds that go by their name."""

_NARROWER: Final[Mapping[str, tuple[str, ...]]] = {
    "BANK_ACCOUNT": ("US_BANK_NUMBER",),
    "DRIVER_LICENSE": (
        "US_DRIVER_LICENSE", "UK_DRIVING_LICENCE", "IT_DRIVER_LICENSE", "DE_FUEHRERSCHEIN", "KR_DRIVER_LICENSE",
    ),
    "PASSPORT": (
        "US_PASSPORT", "UK_PASSPORT", "ES_PASSPORT", "IT_PASSPORT", "IN_PASSPORT", "DE_PASSPORT", "KR_PASSPORT",
        "PH_PASSPORT",
    ),
    "LICENSE_PLATE": (
        "DE_KFZ", "UK_VEHICLE_REGISTRATION", "IN_VEHICLE_REGISTRATION", "TR_LICENSE_PLATE",
        "NG_VEHICLE_REGISTRATION",
    ),
    "POSTCODE": ("UK_POSTCODE", "DE_PLZ"),
    "VAT_ID": ("DE_VAT_ID",),
}  # fmt: skip
"""Entities that Presidio splits by country where the catalogue has one kind for all, which keeps its own name."""

ONLY_IN_PART: Final = frozenset({"DATE_TIME"})
"""Entities of which the kinds here are a part: dates of birth are found, other dates are not."""

ENTITY_OF: Final[Mapping[str, str]] = {kind: entity for entity, kinds in PRESIDIO.items() for kind in kinds}
"""The name a kind goes out under; a kind that is not here goes by its own name."""


def entity_kinds(entity: str) -> tuple[str, ...] | None:
    """The kinds that Presidio's `entity` stands for: `()` when none is, None if it is not Presidio's."""
    if entity in PRESIDIO:
        return PRESIDIO[entity]
    wider = tuple(kind for kind, entities in _NARROWER.items() if entity in entities)
    return wider or None


def presidio_labels() -> dict[str, str]:
    """What each entity of Presidio's becomes here."""
    labels = {entity: kinds[0] if kinds else IGNORED for entity, kinds in PRESIDIO.items()}
    labels |= {entity: kind for kind, entities in _NARROWER.items() for entity in entities}
    return labels | {"DATE_TIME": IGNORED}  # it finds any date; the catalogue's are dates of birth


def kinds_by_label(
    labels: Iterable[str], configured: Mapping[str, str], known: Mapping[str, str], *, name: str
) -> dict[str, str]:
    """Which kind each of a model's `labels` is: as configured, else as known; labels of no kind are left out.

    Raises `ModelRefusedError` for a label nobody mapped, or a configured one that the model does not have.
    """
    present = sorted(set(labels))
    strangers = sorted(set(configured) - set(present))
    if strangers:
        msg = (
            f"plug-in {name}: the model has no label {', '.join(strangers)}; it has {', '.join(present) or 'none'}"
        )
        raise ModelRefusedError(msg)
    kinds = {label: configured.get(label, known.get(label)) for label in present}
    unmapped = [label for label, kind in kinds.items() if kind is None]
    if unmapped:
        msg = (
            f"plug-in {name}: no kind is known for the model's labels {', '.join(unmapped)}; "
            'name one for each under labels, or "" to leave it out'
        )
        raise ModelRefusedError(msg)
    return {label: kind for label, kind in kinds.items() if kind}
