"""The unseal paths by a device of this machine, or by several people: PKCS#11, TPM, keyring, shares.

    pkcs11:token=NAME;object=KEY?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/run/pin   (RFC 7512)

Must never: take a PIN from a URI, where a process list or a log would show it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from strongroom.adapters.root_shares import SharesRoot
from strongroom.errors import ConfigurationError, ExtraMissingError, ShareError
from strongroom.identity import require_name
from strongroom.keys.root import RootProvider
from strongroom.settings import default_variable
from strongroom.wiring.root_uri import RootFactory, RootPlace, RootUri, secret_file

TOKEN_LABEL = "strongroom"  # noqa: S105 - a token's name
LABEL = "label"
"""A store keeps one wrap per scheme; a label makes room for a second token."""


def _pkcs11(uri: RootUri, place: RootPlace) -> RootProvider:
    if "pin-value" in uri.options:
        msg = (
            "root: pkcs11: a PIN does not belong in a URI: leave it out to be asked, or name pin-source=file:PATH"
        )
        raise ConfigurationError(msg)
    uri.require("module-path", "pin-source", LABEL)
    attributes = uri.attributes()
    for name in attributes:
        if name not in ("token", "serial", "object", "id"):
            msg = f"root: pkcs11: has no attribute {name}; it knows: token, serial, object, id"
            raise ConfigurationError(msg)
    if uri.options.get("pin-source", "file:").startswith("|"):
        msg = "root: pkcs11: pin-source is a file here, never a command"
        raise ConfigurationError(msg)
    try:
        from strongroom.adapters.root_pkcs11 import SOFTHSM2, Pkcs11Root, TokenKey
    except ModuleNotFoundError as error:
        raise missing_extra(uri.scheme, "pkcs11", error) from None
    key = TokenKey(
        module=uri.options.get("module-path", SOFTHSM2),
        token=attributes.get("token", TOKEN_LABEL),
        label=attributes.get("object", f"strongroom-{place.store_id}"),
        serial=attributes.get("serial", ""),
        id=attributes.get("id", "").encode("utf-8", "surrogateescape"),
    )
    pin = cache(lambda: place.secret(uri, f"PIN of token {key.token}", option="pin-source"))
    return Pkcs11Root(
        key, store_id=place.store_id, pin=pin, scheme=labelled(uri), create=place.new, entropy=place.entropy
    )


def _tpm(uri: RootUri, place: RootPlace) -> RootProvider:
    uri.require("tcti", "pcrs", LABEL)
    default_variable("TSS2_LOG", "all+none")  # the library prints its own errors; ours say more
    try:
        from strongroom.adapters.root_tpm import BOOT_POLICY, RESOURCE_MANAGER, TpmRoot
    except ModuleNotFoundError as error:
        raise missing_extra(uri.scheme, "tpm", error) from None
    named = uri.options.get("pcrs", ",".join(map(str, BOOT_POLICY))).split(",")
    if uri.body or not all(pcr.isdecimal() for pcr in named):
        msg = "root: tpm: reads tpm:?pcrs=7,11&tcti=device:/dev/tpmrm0, both optional"
        raise ConfigurationError(msg)
    return TpmRoot(
        store_id=place.store_id,
        tcti=uri.options.get("tcti", RESOURCE_MANAGER),
        pcrs=[int(pcr) for pcr in named],
        scheme=labelled(uri),
        entropy=place.entropy,
    )


def _keyring(uri: RootUri, place: RootPlace) -> RootProvider:
    uri.require()
    try:
        from strongroom.adapters.root_keyring import KeyringRoot
    except ModuleNotFoundError as error:
        raise missing_extra(uri.scheme, "keyring", error) from None
    return KeyringRoot(store_id=place.store_id, create=place.new, entropy=place.entropy)


def _shares(uri: RootUri, place: RootPlace) -> RootProvider:
    uri.require("file")
    if place.new:
        threshold, _, count = uri.plain.partition("/")
        if not (threshold.isdecimal() and count.isdecimal()):
            msg = "root: how many shares? shares:3/5 makes five, any three of which unseal"
            raise ConfigurationError(msg)
        return SharesRoot.create(int(threshold), int(count), store_id=place.store_id, entropy=place.entropy)
    ask = place.ask
    if "file" in uri.options:
        lines = iter(secret_file(uri.options["file"], "Shares"))

        def ask(what: str) -> str:
            share = next(lines, None)
            if share is None:
                msg = f"{what}: the file has no more shares"
                raise ShareError(msg)
            return share

    return SharesRoot(store_id=place.store_id, ask=ask, entropy=place.entropy)


SCHEMES: Mapping[str, RootFactory] = {
    "pkcs11": _pkcs11,
    "tpm": _tpm,
    "keyring": _keyring,
    "shares": _shares,
}


def labelled(uri: RootUri) -> str:
    """The scheme's name among a store's wraps: with the label, if the URI has one."""
    label = uri.options.get(LABEL)
    return uri.scheme if label is None else f"{uri.scheme}:{require_name(label, LABEL)}"


def missing_extra(scheme: str, extra: str, error: ModuleNotFoundError) -> ExtraMissingError | ModuleNotFoundError:
    """What to raise for an import that failed: the line to install, unless the missing module is our own."""
    if (error.name or "").startswith("strongroom"):
        return error
    return ExtraMissingError(f"root: {scheme} needs an optional package: pip install 'strongroom[{extra}]'")
