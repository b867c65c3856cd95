"""Everything a person may set, in one frozen typed tree; the only reader of the environment.

Order: the file `strongroom.toml` (in `home`, or where `--config` says), then `STRONGROOM_*` variables, then
flags; later ones win. Nested settings use two underscores: ``STRONGROOM_LIMITS__BODY_BYTES=1000000``.

Must never: hold a secret (keys come from the root and the store), or put a value into an error message.
"""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from strongroom.errors import ConfigurationError

FILE_NAME = "strongroom.toml"
MIB = 1 << 20
DEVICE_VARIABLES = ("SOFTHSM2_CONF",)


class Limits(BaseModel):
    """Bounds on what one request may cost; each refusal names the limit it hit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    body_bytes: int = Field(32 * MIB, ge=1024, description="Largest request body the gateway reads.")
    response_bytes: int = Field(64 * MIB, ge=1024, description="Largest non-streamed response it restores.")
    upstream_connect_s: float = Field(10.0, gt=0, description="Seconds to wait for a connection upstream.")
    upstream_idle_s: float = Field(300.0, gt=0, description="Seconds an upstream may stay silent.")
    drain_s: float = Field(10.0, ge=0, description="Seconds open requests may take after Ctrl-C.")
    linger_s: float = Field(
        0.0, ge=0, description="Seconds between /readyz turning 503 and the port closing, for a load balancer."
    )
    open_requests: int = Field(4096, ge=1, description="Requests in progress at once in one process.")
    held_bytes: int = Field(
        512 * MIB, ge=MIB, description="Bytes of requests and answers held at once in one process."
    )
    client_idle_s: float = Field(
        60.0, gt=0, description="Seconds a client may pause in the middle of a body, or not read its answer."
    )


class Rotation(BaseModel):
    """How old keys may become, and how an old version leaves service. Days are of 24 hours."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data_days: float = Field(90.0, gt=0, description="A data key is due for rotation after this many days.")
    credential_days: float = Field(30.0, gt=0, description="The same for credentials and providers' keys.")
    root_days: float = Field(365.0, gt=0, description="The same for the root.")
    dual_days: float = Field(
        30.0, ge=0, description="So long a rotated-out version opens before its end may be announced."
    )
    notice_days: float = Field(7.0, ge=0, description="From announcing the end of a version to the end.")
    window_days: float = Field(
        30.0, ge=0, description="A version that was used within this many days is not deactivated."
    )
    lease_s: float = Field(
        0.0,
        ge=0,
        description="Seconds a process may use keys without asking the store; 0: one host, the epoch is shared.",
    )


class Plugin(BaseModel):
    """A model of the operator's own, by local path: docs/howto/use-your-own-model.md."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["spacy", "onnx", "presidio", "gliner"]
    path: Path
    sha256: str
    labels: dict[str, str] = Field(default_factory=dict)
    threshold: float = Field(0.5, ge=0, le=1)
    language: str = Field("en", pattern=r"^[a-z]{2}(-[A-Z]{2})?$")
    threads: int = Field(1, ge=1, le=64)


class Detection(BaseModel):
    """By what means values are found in text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    engine: Literal["re2", "hyperscan", "stdlib"] = Field(
        "re2",
        description="What matches patterns: re2; hyperscan, faster, with the extra of that name; stdlib, slower, "
        "with nothing but Python. All three find the same.",
    )
    names: Literal["precision", "balanced", "recall", "off"] = Field(
        "balanced",
        description="How readily the embedded tagger takes words for names of people, organizations and places: "
        "precision misses more, recall takes more that is none.",
    )
    plugins: dict[str, Plugin] = Field(
        default_factory=dict,
        description="Models of your own by name: kind (spacy, onnx, presidio, gliner), path, sha256, labels (the "
        "model's label to a kind of the catalogue), threshold, language, threads.",
    )


class Quota(BaseModel):
    """What one principal, environment or tenant may use: docs/howto/operate-the-gateway.md."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    requests: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    cost: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


class Price(BaseModel):
    """What a million tokens cost, in the currency of the budgets."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: Decimal = Field(ge=0)
    output: Decimal = Field(ge=0)


class Counting(BaseModel):
    """Where requests, tokens and costs are counted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(
        "",
        description="redis://HOST:PORT, rediss://HOST:PORT or unix:///PATH, to count for all processes together; "
        "empty: each process counts for itself. Its password: strongroom credential upstream counters",
    )
    outage: Literal["local", "refuse"] = Field(
        "local",
        description="While Redis does not answer: local counts in each process, refuse answers 503.",
    )


class Access(BaseModel):
    """Who may connect at all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    addresses: tuple[str, ...] = Field((), description="Addresses and networks that may connect; empty: all.")
    proxies: tuple[str, ...] = Field(
        (), description="Proxies of yours, whose x-forwarded-for says where a request came from."
    )


class Resilience(BaseModel):
    """What the gateway does about a provider that fails."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    attempts: int = Field(
        2, ge=1, le=10, description="How often a request that may be repeated is tried; 1: once."
    )
    wait_max_s: float = Field(2.0, gt=0, description="Longest wait before another attempt.")
    breaker_failures: int = Field(
        10, ge=0, description="So many failures in a row stop requests to an upstream for a while; 0: never."
    )
    breaker_open_s: float = Field(10.0, gt=0, description="How long they are stopped before one tries again.")


class Files(BaseModel):
    """What the gateway does with what is no text: docs/howto/images-and-files.md."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    images: Literal["refuse", "pass"] = Field(
        "refuse", description="refuse: the request is answered 400; pass: it goes on with an entry in the log."
    )
    audio: Literal["refuse", "pass"] = Field("refuse", description="The same for sounds.")
    video: Literal["refuse", "pass"] = Field("refuse", description="The same for films.")
    documents: Literal["refuse", "pass", "extract"] = Field(
        "refuse",
        description="The same for PDFs and files; extract: the text of a PDF or a plain file is inspected and "
        "sent in the place of the file.",
    )
    addresses: Literal["refuse", "pass"] = Field(
        "refuse", description="The same for addresses from which the provider would fetch such content."
    )


class PresidioApi(BaseModel):
    """The endpoints that clients of Presidio know."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    operator: Literal["replace", "surrogate"] = Field(
        "replace",
        description="What /anonymize does when a request names no operator: replace writes <ENTITY>, surrogate a "
        "surrogate that /deanonymize and the gateway restore.",
    )


class Settings(BaseSettings):
    """The whole tree. `tools` maps a tool's name to the sink kind of each of its parameters."""

    model_config = SettingsConfigDict(
        env_prefix="STRONGROOM_", env_nested_delimiter="__", frozen=True, extra="forbid"
    )

    home: Path = Field(Path("~/.strongroom"), description="Where the store lives.")
    keyfile: Path | None = Field(None, description="The keyfile; default: in the configuration directory.")
    root: str = Field("", description="The unseal path as a URI, such as pkcs11:token=NAME; default: the keyfile.")
    listen: str = Field("127.0.0.1:8080", description="Address and port of the gateway.")
    upstreams: dict[str, str] = Field(default_factory=dict, description="Provider name to base URL.")
    self_hosted: tuple[str, ...] = Field(
        (), description="Upstreams in your own house: what is embedded there may be values, where policy says so."
    )
    mode: Literal["enforce", "monitor"] = Field(
        "enforce", description="enforce: change and refuse; monitor: pass everything, report what would change."
    )
    policy: Path | None = Field(None, description="A Cedar bundle instead of the shipped one.")
    catalogue: tuple[Path, ...] = Field((), description="Further YAML files of entity types.")
    tools: dict[str, dict[str, str]] = Field(
        default_factory=dict, description="Tool name to parameter to sink kind, such as message.recipient."
    )
    limits: Limits = Field(default_factory=Limits, description="Bounds on one request.")
    rotation: Rotation = Field(default_factory=Rotation, description="Ages of keys and the end of versions.")
    detection: Detection = Field(default_factory=Detection, description="How values are found in text.")
    quotas: dict[str, Quota] = Field(
        default_factory=dict,
        description="default, TENANT, TENANT/ENVIRONMENT or TENANT/ENVIRONMENT/NAME to requests, tokens, cost "
        "(such as 600/minute) and addresses.",
    )
    prices: dict[str, Price] = Field(
        default_factory=dict, description="Model name (* stands for anything) to the input and output price."
    )
    counters: Counting = Field(default_factory=Counting, description="Where use is counted.")
    access: Access = Field(default_factory=Access, description="Who may connect.")
    resilience: Resilience = Field(default_factory=Resilience, description="Failing providers.")
    files: Files = Field(default_factory=Files, description="Images, sounds, documents and other files.")
    presidio: PresidioApi = Field(
        default_factory=PresidioApi, description="The endpoints that clients of Presidio know."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the framework's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the framework's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags over environment over file; neither dotenv files nor secret directories are read."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def home_path(self) -> Path:
        """`home` with ``~`` resolved."""
        return self.home.expanduser()

    def listen_address(self) -> tuple[str, int]:
        """Host and port of `listen`; raises `ConfigurationError` when it is not ``HOST:PORT``."""
        host, _, port = self.listen.rpartition(":")
        if not host or not port.isdigit() or int(port) > 65535:  # noqa: PLR2004 - the largest TCP port
            msg = "listen: expected HOST:PORT, such as 127.0.0.1:8080"
            raise ConfigurationError(msg)
        return host.strip("[]"), int(port)


def device_variables() -> dict[str, str]:
    """What the modules of unseal devices are configured by, for a child whose environment is made from nothing."""
    return {name: os.environ[name] for name in DEVICE_VARIABLES if name in os.environ}  # noqa: TID251


def default_variable(name: str, value: str) -> None:
    """Set an environment variable that a C library reads, unless somebody set it already."""
    os.environ.setdefault(name, value)  # noqa: TID251


def keep_models_offline() -> None:
    """Tell the libraries that load models to use what is on this machine only, whatever the environment says."""
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK"):
        os.environ[name] = "1"  # noqa: TID251
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # noqa: TID251 - threads are configured, not guessed


def configuration_directory() -> Path:
    """Where keyfiles live: the user's configuration directory, never the store's."""
    return Path(platformdirs.user_config_dir("strongroom", appauthor=False))


def load_settings(config: Path | None = None, **flags: Any) -> Settings:
    """Read file, environment and `flags` (those that are not None) into one tree.

    Raises `ConfigurationError` naming the setting that is wrong, without its value.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    if "keyfile" in given and "root" not in given:
        given["root"] = "keyfile:"  # the flag names an unseal path, so it wins over a file that names another
    path = config if config is not None else _default_file(given.get("home"))
    if config is not None and not config.is_file():
        msg = f"config: no such file: {config}"
        raise ConfigurationError(msg)

    class FromFile(Settings):
        model_config = SettingsConfigDict(toml_file=path)

    try:
        loaded = FromFile(**given)
    except ValidationError as error:
        places = ", ".join(
            f"{'.'.join(map(str, item['loc']))} ({item['type']})" for item in error.errors(include_input=False)
        )
        msg = f"settings: {places}"
        raise ConfigurationError(msg) from None
    except ValueError as error:  # a TOML syntax error carries line and column only
        msg = f"settings: {path}: {error}"
        raise ConfigurationError(msg) from None
    return Settings.model_construct(**{name: getattr(loaded, name) for name in Settings.model_fields})


def remember_root(home: Path, uri: str) -> bool:
    """Write a settings file that names the unseal path `uri` for the store in `home`; False if there is a file.

    A file that is there is a person's: it is left alone, and the caller says what to add to it.
    """
    content = f"# how this store is unsealed; no secret belongs in here\nroot = {json.dumps(uri)}\n"
    try:
        with (home.expanduser() / FILE_NAME).open("x", encoding="utf-8") as file:
            file.write(content)
    except FileExistsError:
        return False
    return True


def _default_file(home: Path | None) -> Path:
    chosen = home if home is not None else Path(os.environ.get("STRONGROOM_HOME", "~/.strongroom"))  # noqa: TID251
    return Path(chosen).expanduser() / FILE_NAME
