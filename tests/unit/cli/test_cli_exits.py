import inspect
import io
import json
from contextlib import redirect_stderr

import pytest

from strongroom import errors
from strongroom.cli import exits

TREE = [
    kind for kind in vars(errors).values() if inspect.isclass(kind) and issubclass(kind, errors.StrongroomError)
]


@pytest.mark.parametrize("kind", TREE, ids=lambda kind: kind.__name__)
def test_every_error_of_the_tree_has_an_exit_code(kind: type[errors.StrongroomError]) -> None:
    assert exits.exit_code(kind) in {exits.USAGE, exits.DENIED, exits.INTEGRITY, exits.BACKEND}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (errors.WrongPassphraseError, exits.USAGE),
        (errors.StoreVersionError, exits.USAGE),
        (errors.StoreLockedError, exits.BACKEND),
        (errors.StoreTamperedError, exits.INTEGRITY),
        (errors.KeyStateError, exits.DENIED),
        (errors.KeyNotFoundError, exits.USAGE),
        (errors.DecryptionError, exits.INTEGRITY),
        (errors.AccessDeniedError, exits.DENIED),
        (errors.AuditUnavailableError, exits.BACKEND),
    ],
)
def test_the_nearest_ancestor_decides(kind: type[errors.StrongroomError], expected: int) -> None:
    assert exits.exit_code(kind) == expected


def _told(error: errors.StrongroomError, *, as_json: bool) -> tuple[int, str]:
    with redirect_stderr(io.StringIO()) as stderr:
        code = exits.report(error, as_json=as_json)
    return code, stderr.getvalue()


def test_a_person_reads_the_message_and_the_next_step() -> None:
    code, text = _told(errors.RootMissingError("no keyfile at /somewhere"), as_json=False)
    assert code == exits.USAGE
    assert text.startswith("error: no keyfile at /somewhere\n  Put the keyfile back")


def test_a_refusal_says_what_was_missing() -> None:
    error = errors.AccessDeniedError("detokenize was refused", nearest="the sink message.text is not allowed")
    code, text = _told(error, as_json=False)
    assert code == exits.DENIED
    assert "the sink message.text is not allowed" in text


def test_a_program_reads_one_object() -> None:
    code, text = _told(errors.DecryptionError("commitment"), as_json=True)
    told = json.loads(text)
    assert told == {"error": "decryption", "message": "cannot open the sealed data", "next": "", "exit": code}
    assert "commitment" not in text, "the reason is for the operator's log alone"


@pytest.mark.parametrize("as_json", [True, False])
def test_the_systems_refusal_names_the_file(*, as_json: bool) -> None:
    with redirect_stderr(io.StringIO()) as stderr:
        code = exits.report_system(PermissionError(13, "Permission denied", "receipt.json"), as_json=as_json)
    assert code == exits.BACKEND
    assert "Permission denied: receipt.json" in stderr.getvalue()
