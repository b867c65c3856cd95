from __future__ import annotations

import pytest

from strongroom.classify import Catalogue, Classifier, FieldClassifier


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return Catalogue.load()


@pytest.fixture(scope="session")
def classifier(catalogue: Catalogue) -> Classifier:
    return Classifier(catalogue)


@pytest.fixture(scope="session")
def fields(catalogue: Catalogue, classifier: Classifier) -> FieldClassifier:
    return FieldClassifier(catalogue, classifier)
