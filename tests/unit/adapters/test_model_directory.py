import hashlib
from pathlib import Path

import pytest

from strongroom.adapters import model_directory
from strongroom.adapters.model_directory import model_digest, require_model
from strongroom.canonical import tuple_bytes
from strongroom.errors import ModelChangedError, ModelRefusedError


@pytest.fixture
def model(tmp_path: Path) -> Path:
    directory = tmp_path / "model"
    (directory / "vocab").mkdir(parents=True)
    (directory / "config.json").write_bytes(b"{}")
    (directory / "vocab" / "strings").write_bytes(b"a\nb\n")
    (directory / "weights.bin").write_bytes(bytes(3_000_000))
    return directory


def test_the_digest_is_what_its_description_says(model: Path) -> None:
    wanted = hashlib.sha256(tuple_bytes("strongroom/model/1"))
    for name in (b"config.json", b"vocab/strings", b"weights.bin"):
        content = (model / name.decode()).read_bytes()
        wanted.update(tuple_bytes(name, len(content), hashlib.sha256(content).hexdigest()))
    assert model_digest(model) == wanted.hexdigest()


def test_progress_hears_every_byte(model: Path) -> None:
    heard: list[int] = []
    model_digest(model, heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == 3_000_006
    assert len(heard) > 3


def test_a_copy_elsewhere_has_the_same_digest(model: Path, tmp_path: Path) -> None:
    before = model_digest(model)
    assert model_digest(model.rename(tmp_path / "elsewhere")) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda m: (m / "weights.bin").write_bytes(bytes(2_999_999) + b"\x01"),
        lambda m: (m / "weights.bin").rename(m / "weights2.bin"),
        lambda m: (m / "vocab" / "strings").unlink(),
        lambda m: (m / "extra.py").write_bytes(b""),
        lambda m: (m / ".hidden").write_bytes(b"x"),
        lambda m: (m / "vocab" / "strings").rename(m / "strings"),
    ],
)
def test_any_change_is_another_model(model: Path, change: object) -> None:
    pinned = model_digest(model)
    require_model(model, pinned)
    require_model(model, f"sha256:{pinned}")
    assert callable(change)
    change(model)
    with pytest.raises(ModelChangedError, match=pinned[:12]):
        require_model(model, pinned)


def test_a_link_to_a_file_counts_by_its_content(model: Path, tmp_path: Path) -> None:
    pinned = model_digest(model)
    (model / "weights.bin").rename(tmp_path / "blob")
    (model / "weights.bin").symlink_to(tmp_path / "blob")
    require_model(model, pinned)
    (tmp_path / "blob").write_bytes(b"other")
    with pytest.raises(ModelChangedError):
        require_model(model, pinned)


def test_what_cannot_be_digested_is_refused(model: Path, tmp_path: Path) -> None:
    (model / "away").symlink_to(tmp_path)
    with pytest.raises(ModelRefusedError, match="link to a directory"):
        model_digest(model)
    (model / "away").unlink()
    (model / "gone").symlink_to(tmp_path / "nothing")
    with pytest.raises(ModelRefusedError, match="not a file"):
        model_digest(model)


def test_no_directory_and_an_empty_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelRefusedError, match="never a name on a hub"):
        model_digest(tmp_path / "urchade" / "gliner_small")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelRefusedError, match="no file"):
        model_digest(tmp_path / "empty")


def test_a_home_directory_by_mistake_is_refused(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_directory, "FILES_MAX", 2)
    with pytest.raises(ModelRefusedError, match="more than 2 files"):
        model_digest(model)


@pytest.mark.parametrize("digest", ["", "abc", "g" * 64, "0" * 63, "A" * 64])
def test_a_pin_that_is_no_digest_is_refused(model: Path, digest: str) -> None:
    with pytest.raises(ModelRefusedError, match="64 hexadecimal"):
        require_model(model, digest)
