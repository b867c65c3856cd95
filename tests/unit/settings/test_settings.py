"""File, then environment, then flags; and errors that name the setting, not its value."""

from pathlib import Path

import pytest

from strongroom.errors import ConfigurationError
from strongroom.settings import configuration_directory, load_settings


@pytest.fixture(autouse=True)
def clean(monkeypatch, tmp_path):
    monkeypatch.setenv("STRONGROOM_HOME", str(tmp_path))
    return tmp_path


def test_defaults(tmp_path):
    settings = load_settings()
    assert settings.home_path == tmp_path
    assert settings.listen_address() == ("127.0.0.1", 8080)
    assert settings.mode == "enforce"


def test_flags_over_environment_over_file(tmp_path, monkeypatch):
    file = tmp_path / "strongroom.toml"
    file.write_text('mode = "monitor"\nlisten = "127.0.0.1:1"\n[tools.mail]\nto = "message.recipient"\n')
    assert load_settings().mode == "monitor"
    assert load_settings().tools == {"mail": {"to": "message.recipient"}}
    monkeypatch.setenv("STRONGROOM_LISTEN", "127.0.0.1:2")
    assert load_settings().listen_address() == ("127.0.0.1", 2)
    assert load_settings(listen="127.0.0.1:3").listen_address() == ("127.0.0.1", 3)
    assert load_settings(listen=None).listen_address() == ("127.0.0.1", 2)


def test_nested_settings_from_the_environment(monkeypatch):
    monkeypatch.setenv("STRONGROOM_LIMITS__BODY_BYTES", "2048")
    assert load_settings().limits.body_bytes == 2048


def test_the_file_of_the_home_given_as_a_flag_is_read(tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "strongroom.toml").write_text('mode = "monitor"\n')
    assert load_settings(home=other).mode == "monitor"


def test_a_config_flag_replaces_the_default_file(tmp_path):
    chosen = tmp_path / "chosen.toml"
    chosen.write_text('mode = "monitor"\n')
    assert load_settings(chosen).mode == "monitor"


@pytest.mark.parametrize(
    ("text", "said"),
    [('mode = "hunter2"\n', "mode (literal_error)"), ("mood = 1\n", "mood"), ("mode == 1\n", "line 1")],
)
def test_errors_name_the_setting_and_not_the_value(tmp_path, text, said):
    (tmp_path / "strongroom.toml").write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    assert said in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_missing_config_file_is_an_error(tmp_path):
    with pytest.raises(ConfigurationError, match="no such file"):
        load_settings(tmp_path / "none.toml")


@pytest.mark.parametrize("listen", ["8080", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:70000", ":80"])
def test_listen_must_be_host_and_port(listen):
    with pytest.raises(ConfigurationError, match="HOST:PORT"):
        load_settings(listen=listen).listen_address()


def test_ipv6_brackets_are_taken_off():
    assert load_settings(listen="[::1]:80").listen_address() == ("::1", 80)


def test_settings_are_frozen():
    with pytest.raises(ValueError, match="frozen"):
        load_settings().mode = "monitor"  # type: ignore[misc]


def test_keyfiles_live_apart_from_the_store():
    assert configuration_directory() != load_settings().home_path
    assert isinstance(configuration_directory(), Path)
