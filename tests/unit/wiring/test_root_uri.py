"""How an unseal path is written, and how it is refused when it is written wrongly."""

from pathlib import Path
from typing import Any

import pytest

from strongroom.clock import SystemClock, system_entropy
from strongroom.errors import ConfigurationError, RootMissingError, WrongPassphraseError
from strongroom.settings import load_settings
from strongroom.wiring.root_schemes import make_provider
from strongroom.wiring.root_uri import RootPlace, RootUri, nobody_to_ask, secret_file


def place(tmp_path: Path, **changes: Any) -> RootPlace:
    settings = load_settings(home=tmp_path / "home", keyfile=tmp_path / "default.key")
    given: dict[str, Any] = {"store_id": "store-1", "settings": settings, "entropy": system_entropy}
    return RootPlace(**(given | {"clock": SystemClock()} | changes))


def test_a_uri_is_taken_apart() -> None:
    uri = RootUri.parse("pkcs11:token=my%20token;object=a%3Bb?module-path=/lib/x.so&pin-source=file:/run/pin")
    assert uri.scheme == "pkcs11"
    assert uri.attributes() == {"token": "my token", "object": "a;b"}
    assert uri.options == {"module-path": "/lib/x.so", "pin-source": "file:/run/pin"}
    assert RootUri.parse("keyfile:/a%20b").plain == "/a b"
    assert RootUri.parse("tpm:") == RootUri("tpm")
    assert RootUri.parse("tpm:?tcti=swtpm:host=h,port=1").options == {"tcti": "swtpm:host=h,port=1"}


@pytest.mark.parametrize("text", ["", "/a/path", "C:\\key", "two words:x", ":x", "key-file", "s:?a", "s:?a=1&a=2"])
def test_what_is_no_uri_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ConfigurationError, match="expected") as refusal:
        RootUri.parse(text)
    assert len(text) < 2 or text not in str(refusal.value)


def test_an_unknown_scheme_names_the_near_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"keyfiles \(did you mean keyfile\?\).*passphrase"):
        make_provider("keyfiles:/x", place(tmp_path))


def test_an_unknown_option_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no option path; it knows: file"):
        make_provider("passphrase:?path=/x", place(tmp_path))
    with pytest.raises(ConfigurationError, match="no option mode; it knows: none"):
        make_provider("keyfile:/x?mode=1", place(tmp_path))


def test_a_keyfile_is_made_only_when_the_path_is_new(tmp_path: Path) -> None:
    uri = f"keyfile:{tmp_path}/a.key"
    with pytest.raises(RootMissingError, match=r"a\.key"):
        make_provider(uri, place(tmp_path)).wrap(bytes(32))
    made = make_provider(uri, place(tmp_path, new=True))
    wrapped = made.wrap(bytes(32))
    assert make_provider(uri, place(tmp_path, new=True)).unwrap(wrapped) == bytes(32)
    make_provider("keyfile:", place(tmp_path, new=True))
    assert (tmp_path / "default.key").exists()


def test_secrets_are_asked_for_by_name(tmp_path: Path) -> None:
    asked: list[str] = []

    def ask(what: str) -> str:
        asked.append(what)
        return "mistyped"

    make_provider("passphrase:", place(tmp_path, ask=ask, new=True))
    make_provider("passphrase:", place(tmp_path, ask=ask))
    with pytest.raises(WrongPassphraseError):
        make_provider("recovery:", place(tmp_path, ask=ask))
    assert asked == ["New passphrase", "Passphrase", "Recovery share"]
    with pytest.raises(RootMissingError, match="nobody to ask"):
        make_provider("passphrase:", place(tmp_path))
    with pytest.raises(RootMissingError, match="Passphrase: there is nobody"):
        nobody_to_ask("Passphrase")


def test_secrets_are_read_from_the_file_a_uri_names(tmp_path: Path) -> None:
    (tmp_path / "phrase").write_text("\n  correct horse \nsecond\n")
    named = make_provider(f"passphrase:?file={tmp_path}/phrase", place(tmp_path))
    wrapped = make_provider("passphrase:", place(tmp_path, ask=lambda _: "correct horse")).wrap(bytes(32))
    assert named.unwrap(wrapped) == bytes(32)
    assert secret_file(f"file:{tmp_path}/phrase", "PIN") == ["correct horse", "second"]


@pytest.mark.parametrize(("content", "reason"), [(b"", "empty"), (b" \n", "empty"), (b"x" * 70_000, "too long")])
def test_a_secret_file_without_a_secret(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "phrase").write_bytes(content)
    with pytest.raises(RootMissingError, match=reason):
        secret_file(str(tmp_path / "phrase"), "PIN")


def test_a_secret_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(RootMissingError, match="not text"):
        secret_file(str(tmp_path / "binary"), "PIN")
    with pytest.raises(RootMissingError, match=r"PIN: the file .*absent.*No such file"):
        secret_file(str(tmp_path / "absent"), "PIN")
