"""The streaming restorer's edges, which the properties reach only by luck."""

import pytest

from strongroom.errors import AccessDeniedError
from strongroom.surrogates.restore import Restorer, restore_text

VALUES = {"EMAIL_7KQ2M9X": "jo@example.com"}


def test_what_may_still_become_a_surrogate_waits() -> None:
    restorer = Restorer(VALUES.get)
    assert restorer.feed("mail EMAIL_7K") == "mail "
    assert restorer.feed("Q2M9X") == ""
    assert restorer.feed("") == ""
    assert restorer.feed(" now") == "jo@example.com now"
    assert restorer.flush() == ""


def test_what_cannot_become_one_goes_at_once() -> None:
    restorer = Restorer(VALUES.get)
    assert restorer.feed("in 2026") == "in 2026"
    assert restorer.feed("_EMAIL_7KQ2M9X") == "_EMAIL_7KQ2M9X"  # still the same run
    assert restorer.feed(" EMAIL_7KQ2M9X.") == " jo@example.com."


def test_a_backslash_at_the_end_of_a_hopeless_run_waits_for_what_it_escapes() -> None:
    restorer = Restorer(VALUES.get)
    assert restorer.feed("9\\") == "9"
    assert restorer.feed("_EMAIL_7KQ2M9X ") == "\\_EMAIL_7KQ2M9X "
    assert restorer.feed("9\\") == "9"
    assert restorer.feed("EMAIL_7KQ2M9X ") == "\\jo@example.com "
    assert restorer.feed("9\\") == "9"
    assert restorer.flush() == "\\"


def test_a_run_that_grows_too_long_is_let_go() -> None:
    restorer = Restorer(VALUES.get)
    assert restorer.feed("A" * 105) == ""
    assert restorer.feed("A") == "A" * 106
    assert restorer.feed("_7KQ2M9X") == "_7KQ2M9X"
    assert restorer.feed("-EMAIL_7KQ2M9X") == "-"
    assert restorer.flush() == "jo@example.com"


def test_an_unfinished_surrogate_at_the_end_stays_as_it_is() -> None:
    restorer = Restorer(VALUES.get)
    assert restorer.feed("EMAIL_7KQ2M") + restorer.flush() == "EMAIL_7KQ2M"


def test_an_exception_passes_and_gives_nothing_away() -> None:
    def refuse(_: str) -> str:
        msg = "no"
        raise AccessDeniedError(msg)

    with pytest.raises(AccessDeniedError):
        restore_text("EMAIL_7KQ2M9X", refuse)
    restorer = Restorer(refuse)
    with pytest.raises(AccessDeniedError):
        restorer.feed("EMAIL_7KQ2M9X.")


def test_text_without_surrogates_is_returned_as_it_came() -> None:
    text = "nothing to_see HERE_now EMAIL_ADDRESS"
    assert restore_text(text, VALUES.get) is text
