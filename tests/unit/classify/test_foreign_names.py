import pytest

from strongroom.classify.catalogue import Catalogue
from strongroom.classify.foreign_names import (
    ENTITY_OF,
    MODEL_LABELS,
    PRESIDIO,
    PROMPTS,
    entity_kinds,
    kinds_by_label,
    presidio_labels,
)
from strongroom.errors import ModelRefusedError


def test_every_kind_named_here_is_in_the_catalogue() -> None:
    named = {kind for kinds in PRESIDIO.values() for kind in kinds} | set(presidio_labels().values())
    named |= set(MODEL_LABELS.values()) | set(PROMPTS.values())
    assert sorted(named - {""} - set(Catalogue.load().types)) == []


def test_a_kind_has_one_name_and_the_name_leads_back() -> None:
    listed = [kind for kinds in PRESIDIO.values() for kind in kinds]
    assert len(listed) == len(set(listed))
    assert all(kind in PRESIDIO[entity] for kind, entity in ENTITY_OF.items())


def test_entities_are_known_narrower_or_strange() -> None:
    assert entity_kinds("EMAIL_ADDRESS") == ("EMAIL",)
    assert entity_kinds("UK_PASSPORT") == ("PASSPORT",)
    assert entity_kinds("URL") == ()
    assert entity_kinds("ZIP") is None


def test_a_wide_entity_of_another_program_is_not_taken_for_a_narrow_kind() -> None:
    assert presidio_labels()["DATE_TIME"] == ""  # any date; ours are dates of birth
    assert presidio_labels()["LOCATION"] == "LOCATION"


def test_labels_are_taken_as_configured_then_as_known_and_never_guessed() -> None:
    known = {"PER": "PERSON", "MISC": ""}
    assert kinds_by_label(["PER", "MISC"], {}, known, name="n") == {"PER": "PERSON"}
    assert kinds_by_label(["PER", "MISC"], {"MISC": "USERNAME", "PER": ""}, known, name="n") == {
        "MISC": "USERNAME"
    }
    with pytest.raises(ModelRefusedError, match="labels DOG"):
        kinds_by_label(["PER", "DOG"], {}, known, name="n")
    with pytest.raises(ModelRefusedError, match="no label per; it has PER"):
        kinds_by_label(["PER"], {"per": "PERSON"}, known, name="n")
    with pytest.raises(ModelRefusedError, match="it has none"):
        kinds_by_label([], {"per": "PERSON"}, known, name="n")
