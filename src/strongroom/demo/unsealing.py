"""How the demo's store is unsealed: by a keyfile, by a token made for the run, or by what the user named.

    strongroom demo --root pkcs11:          a SoftHSM2 token in the work directory, gone with it
    strongroom demo --root pkcs11:token=... a token of the user's; the key made in it is destroyed at the end

Must never: leave a key in a device that is not the demo's, or show a PIN.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from strongroom.clock import SystemClock, system_entropy
from strongroom.demo.gateway_process import Place
from strongroom.errors import TokenMissingError
from strongroom.keys.root import LeavesKey
from strongroom.settings import device_variables, load_settings
from strongroom.wiring.root_schemes import make_provider
from strongroom.wiring.root_uri import RootPlace
from strongroom.wiring.unseal import read_store_id

OWN_TOKEN = "pkcs11:"  # noqa: S105 - a scheme
TOKEN_LABEL = "strongroom-demo"  # noqa: S105 - a name
SOFTHSM2_CONF = "SOFTHSM2_CONF"
PIN_BYTES = 8
TOOL = "softhsm2-util"
TOOL_S = 30.0


@contextmanager
def unsealing(place: Place, root: str | None) -> Iterator[Place]:
    """`place` with its unseal path set up; what it put into a device is removed at the end."""
    if root is None:
        yield place
    elif root == OWN_TOKEN:
        with _exported(_token_configuration(place)) as variables:
            yield replace(place, root=_new_token(place, variables), variables=variables)
    else:
        used = replace(place, root=root, variables=device_variables())
        try:
            yield used
        finally:
            _forget(used)


def _token_configuration(place: Place) -> Mapping[str, str]:
    directory = _directory(place)
    (directory / "tokens").mkdir(parents=True, mode=0o700)
    configuration = directory / "softhsm2.conf"
    lines = (f"directories.tokendir = {directory / 'tokens'}", "objectstore.backend = file", "log.level = ERROR")
    configuration.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return {SOFTHSM2_CONF: str(configuration)}


def _new_token(place: Place, variables: Mapping[str, str]) -> str:
    """Make a token with a PIN of its own; returns its URI. Raises `TokenMissingError` without SoftHSM2."""
    tool = shutil.which(TOOL)
    if tool is None:
        msg = f"--root {OWN_TOKEN} makes a token with SoftHSM2, which is not installed: apt-get install softhsm2"
        raise TokenMissingError(msg)
    pin_file = _directory(place) / "pin"
    with os.fdopen(os.open(pin_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(PIN_BYTES))
    pin = pin_file.read_text(encoding="utf-8")
    done = subprocess.run(  # noqa: S603 - the tool of the package, on our own token
        [tool, "--init-token", "--free", "--label", TOKEN_LABEL, "--so-pin", pin, "--pin", pin],
        env={**place.environment(), **variables}, capture_output=True, timeout=TOOL_S, check=False,
    )  # fmt: skip
    if done.returncode:
        msg = f"{TOOL} could not make a token (exit code {done.returncode})"
        raise TokenMissingError(msg)
    return f"pkcs11:token={TOKEN_LABEL}?pin-source=file:{pin_file}"


def _directory(place: Place) -> Path:
    return place.work / "user" / "token"


@contextmanager
def _exported(variables: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """Set `variables` where a C library looks for them, for as long as the block runs."""
    for name, value in variables.items():
        os.putenv(name, value)
    try:
        yield variables
    finally:
        for name in variables:
            os.unsetenv(name)


def _forget(place: Place) -> None:
    """Destroy the key that the run's store has in a device, if the path leaves one there."""
    store_id = read_store_id(place.home)
    if store_id is None:
        return
    settings = load_settings(home=place.home, root=place.root)
    provider = make_provider(place.root, RootPlace(store_id, settings, system_entropy, SystemClock()))
    if isinstance(provider, LeavesKey):
        provider.forget_key()
