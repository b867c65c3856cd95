"""Key services without waiting between tries, and with nothing left over from the test before."""

from collections.abc import Iterator

import pytest
import stamina
from tests.fakes.clouds import Clouds

from strongroom.keys.kms import TRIES


@pytest.fixture(autouse=True)
def without_waiting() -> Iterator[None]:
    """stamina's own switch for tests: the same number of tries, no time between them."""
    with stamina.set_testing(True, attempts=TRIES, cap=True):
        yield


@pytest.fixture(autouse=True)
def calm(clouds: Clouds) -> None:
    """Every service does its work, and has not been asked anything."""
    clouds.calm()
