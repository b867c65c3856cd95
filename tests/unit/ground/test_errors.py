"""The error tree: stable codes, next steps, and one opaque decryption error."""

import inspect

from strongroom import errors
from strongroom.errors import AccessDeniedError, DecryptionError, RootMissingError, StrongroomError


def all_errors():
    return [item for _, item in inspect.getmembers(errors, inspect.isclass) if issubclass(item, StrongroomError)]


def test_codes_are_unique():
    codes = [item.code for item in all_errors()]
    assert len(set(codes)) == len(codes)


def test_a_decryption_error_says_nothing_to_outsiders():
    seen = {
        (str(error), repr(error), error.diagnostics())
        for error in (DecryptionError("tag"), DecryptionError("key"))
    }
    assert len(seen) == 1
    assert DecryptionError("tag").reason == "tag"


def test_diagnostics_carry_the_next_step():
    assert RootMissingError("no keyfile").diagnostics().startswith("no keyfile\nPut the keyfile back")
    assert StrongroomError("plain").diagnostics() == "plain"


def test_a_denial_explains_the_near_miss():
    denied = AccessDeniedError("no", policies=("p",), nearest="sink message.text is not listed")
    assert denied.diagnostics() == "no\nsink message.text is not listed"
    assert AccessDeniedError("no").diagnostics() == "no"
