"""`strongroom backup`: the store, its log and its files in one directory, the wrapped keys apart from them.

Must never: restore over a store, or call a backup good that was not read back.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from strongroom.cli import options, render

if TYPE_CHECKING:
    from strongroom.formats.backup import Manifest
    from strongroom.room.backups import BackupPlace, Taken

app = typer.Typer(name="backup", help="Back up the embedded store, and bring it back.", no_args_is_help=True)

DATA_DAYS = 90
KEYS_DAYS = 7
"""An erasure is complete when the last older backup of the keys is gone."""

Directory = Annotated[Path, typer.Argument(help="Where the backups are.", file_okay=False, show_default=False)]
Keys = Annotated[
    Path | None,
    typer.Option(
        "--keys", help="Where the wrapped keys go instead of DIRECTORY/keys.", file_okay=False, show_default=False
    ),
]
Which = Annotated[str, typer.Option("--backup", help="Which data, by id. Default: the newest.")]
WhichKeys = Annotated[
    str, typer.Option("--with-keys", help="Which keys, by id. Default: the newest; never older than the data.")
]
Public = Annotated[
    str, typer.Option("--public", help="The log's public key in hexadecimal, noted down before (see status).")
]


def _place(directory: Path, keys: Path | None) -> BackupPlace:
    from strongroom.room.backups import BackupPlace

    return BackupPlace(directory.expanduser().absolute(), keys and keys.expanduser().absolute())


def _facts(taken: Taken) -> dict[str, object]:
    return {
        "data": taken.data.id,
        "keys": taken.keys.id,
        "store": taken.data.store_id,
        "taken": render.instant(taken.data.taken_at),
        "files": len(taken.data.files),
        "bytes": taken.data.length,
        "key versions": taken.keys.key_versions,
        "log entries": taken.log.entries,
        "signed by": taken.data.public,
    }


@app.command("create", epilog="Example: strongroom backup create /backups --keys /media/keys")
def create(
    directory: Directory,
    keys: Keys = None,
    root: options.Root = None,
    home: options.Home = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Back up the store while it is in use, read the copy back, and print what is in it.

    The data can be kept for as long as you like. The keys are what can undo an erasure: keep them elsewhere, and
    for days. Neither opens anything without a keyfile, a recovery share or another unseal path.
    """
    with options.opened_room(home, keyfile, config, root=root) as room:
        taken = room.backups.create(_place(directory, keys))
    _tell(_facts(taken), as_json=as_json)


@app.command("list", epilog="Example: strongroom backup list /backups")
def list_backups(directory: Directory, keys: Keys = None, as_json: options.Json = False) -> None:
    """List the backups of data and of keys."""
    rows = [_row(manifest) for part in _place(directory, keys).manifests() for manifest in part]
    if as_json:
        render.emit_json(rows)
    else:
        columns = ("part", "id", "taken", "files", "bytes", "key versions")
        render.emit_table(columns, ([row[name] for name in columns] for row in rows), empty="No backup yet.")


def _row(manifest: Manifest) -> dict[str, Any]:
    return {
        "part": manifest.part,
        "id": manifest.id,
        "taken": render.instant(manifest.taken_at),
        "files": len(manifest.files),
        "bytes": manifest.length,
        "key versions": manifest.key_versions,
    }


@app.command("verify", epilog="Example: strongroom backup verify /backups")
def verify(
    directory: Directory,
    keys: Keys = None,
    backup: Which = "",
    with_keys: WhichKeys = "",
    public: Public = "",
    as_json: options.Json = False,
) -> None:
    """Read a backup back: every file against its digest, the log leaf by leaf, and that the keys fit.

    Needs no store and no key. Without --public, it finds damage but not a backup that somebody made up.
    """
    taken = _place(directory, keys).verify(
        backup, keys=with_keys, public=options.public_key(public) if public else None
    )
    _tell(_facts(taken), as_json=as_json)


@app.command("restore", epilog="Example: strongroom backup restore /backups --home ./room")
def restore(
    directory: Directory,
    keys: Keys = None,
    backup: Which = "",
    with_keys: WhichKeys = "",
    public: Public = "",
    home: options.Home = None,
    as_json: options.Json = False,
) -> None:
    """Make the store again where there is none; it appears only when all of it was verified.

    Its unseal path is not in a backup. With the keyfile in place, or a recovery share (strongroom recover), or an
    escrow key (--root escrow:FILE), it opens as before. The keys may be newer than the data, never older.
    """
    from strongroom.settings import load_settings

    target = load_settings(None, home=home).home_path
    taken = _place(directory, keys).restore(
        target, backup=backup, keys=with_keys, public=options.public_key(public) if public else None
    )
    _tell({"home": str(target), **_facts(taken)}, as_json=as_json)
    if not as_json:
        render.notice("Next: strongroom status, or strongroom recover if the keyfile is lost too.")


@app.command("prune", epilog="Example: strongroom backup prune /backups --data-days 365 --keys-days 7")
def prune(
    directory: Directory,
    keys: Keys = None,
    data_days: Annotated[float, typer.Option("--data-days", help="Keep data this long.", min=0)] = DATA_DAYS,
    keys_days: Annotated[float, typer.Option("--keys-days", help="Keep keys this long.", min=0)] = KEYS_DAYS,
    as_json: options.Json = False,
) -> None:
    """Remove backups that are older than they should be kept; the newest of each part always stays.

    What was erased stays readable for whoever has keys backed up before it, so keep keys for as short as you can.
    """
    day = 24 * 3600
    data, key_parts = _place(directory, keys).prune(data_s=data_days * day, keys_s=keys_days * day)
    if as_json:
        render.emit_json({"data": data, "keys": key_parts})
    else:
        render.emit_text(f"Removed {len(data)} of data and {len(key_parts)} of keys.")


def _tell(facts: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        render.emit_json({name.replace(" ", "_"): fact for name, fact in facts.items()})
    else:
        render.emit_facts(facts)
