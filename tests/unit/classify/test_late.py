"""A classifier that is made when it is first asked gives the same answers, and is made once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from strongroom.classify.catalogue import Catalogue
from strongroom.classify.classifier import Classifier
from strongroom.classify.late import LateClassifier
from strongroom.errors import PolicyInvalidError
from strongroom.settings import load_settings
from strongroom.wiring.detection import classifier_for

TEXT = "mail anna@example.org about card 4111 1111 1111 1111"


def test_it_is_made_once_and_answers_alike(catalogue: Catalogue, classifier: Classifier) -> None:
    made: list[str] = []

    def make() -> Classifier:
        made.append(threading.current_thread().name)
        return classifier

    late = LateClassifier(catalogue, make)
    assert late.catalogue is catalogue
    assert made == []
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: late.spans(TEXT), range(8)))
    assert answers == [classifier.spans(TEXT)] * 8
    assert late.whole("anna@example.org") == classifier.whole("anna@example.org")
    late.ready()
    assert len(made) == 1


def test_what_it_does_not_have_it_does_not_have(catalogue: Catalogue, classifier: Classifier) -> None:
    late = LateClassifier(catalogue, lambda: classifier)
    with pytest.raises(AttributeError):
        late.nonsense  # noqa: B018
    assert not hasattr(type(late), "nonsense")


def test_what_a_person_configured_is_refused_at_once(tmp_path, catalogue: Catalogue) -> None:
    assert isinstance(classifier_for(load_settings(), catalogue), LateClassifier)
    own = tmp_path / "own.yaml"
    own.write_text(
        "types:\n  - {kind: BADGE, title: Badge, category: business, level: 1, prefix: BADGE, sinks: [user],\n"
        "     normalizer: casefold, patterns: [{regex: '(?=x)', score: 0.7}]}\n"
    )
    settings = load_settings(catalogue=(own,))
    with pytest.raises(PolicyInvalidError, match="own.yaml"):
        classifier_for(settings, Catalogue.load([own]))
