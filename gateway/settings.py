"""The server's settings: each declared once here. Command line, KADALI_* variables, TOML keys and the reference page
are made from the declarations. Settings of a session are elsewhere (sql_extensions/settings.py).
"""

# ruff: noqa: RUF009 - _setting() is dataclasses.field() with our declaration

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import Enum
from pathlib import Path
from typing import Any

from catalog.errors import ConfigFileError
from gateway.units import Unit, parse_value

ENV_PREFIX = "KADALI_"


class TlsMode(Enum):
    """Whether clients may, or must, use TLS."""

    OFF = "off"
    OPTIONAL = "optional"
    REQUIRED = "required"


class PathStyle(Enum):
    """Where a request to an object store names the bucket: in the URL's path or in the host's name."""

    AUTO = "auto"
    PATH = "path"
    HOST = "host"


class LogFormat(Enum):
    TEXT = "text"
    JSON = "json"


class LogLevel(Enum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Declaration:
    """One setting as users meet it. `shown_default` is the default as one would write it; bounds are inclusive."""

    name: str
    unit: Unit
    default: Any
    shown_default: str
    help: str
    metavar: str
    minimum: float | None = None
    maximum: float | None = None
    choices: type[Enum] | None = None
    secret: bool = False

    @property
    def option(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        return ENV_PREFIX + self.name.upper()


def user_data_dir() -> Path:
    """Where this platform keeps a user's data: XDG_DATA_HOME or ~/.local/share, with `kadali` below."""
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "kadali"


def _setting(
    unit: Unit,
    default: str | None,
    text: str,
    *,
    metavar: str = "",
    minimum: float | None = None,
    maximum: float | None = None,
    choices: type[Enum] | None = None,
    secret: bool = False,
) -> Any:
    """A field with its declaration. `default` is written as a user would write it; None: not set."""
    shown = metavar or (",".join(choice.value for choice in choices) if choices else unit.value.upper())
    facts: dict[str, Any] = {
        "metavar": shown,
        "minimum": minimum,
        "maximum": maximum,
        "choices": choices,
        "secret": secret,
    }
    facts |= {"unit": unit, "help": text, "shown_default": default}
    value = None if default is None else parse_value(default, unit, choices)
    return field(default=value, metadata=facts, repr=not secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Settings in force. Sizes are in bytes, times in seconds."""

    data_dir: Path = field(
        default_factory=lambda: user_data_dir() / "data",
        metadata={
            "unit": Unit.PATH,
            "metavar": "DIR",
            "help": "Folder for everything the server keeps: embedded metadata store, tables, spill files, keys.",
            "shown_default": "~/.local/share/kadali/data",
        },
    )
    host: str = _setting(Unit.TEXT, "127.0.0.1", "Address to listen on; 0.0.0.0 or :: for all.", metavar="ADDRESS")
    pg_port: int = _setting(
        Unit.COUNT, "5433", "Port for PostgreSQL clients; 0 picks a free one.", metavar="PORT", minimum=0, maximum=65535
    )
    flight_port: int = _setting(
        Unit.COUNT, "5434", "Port for Arrow Flight SQL; 0 picks a free one.", metavar="PORT", minimum=0, maximum=65535
    )
    flight_tls: bool = _setting(
        Unit.SWITCH,
        "off",
        "TLS on the Flight SQL port, with the certificate of tls_cert or the self-signed one. Without it passwords are "
        "taken on loopback addresses only.",
        metavar="on,off",
    )
    flight_client_ca: Path | None = _setting(
        Unit.PATH,
        None,
        "Certificates, PEM, of who may sign those of Flight SQL's clients: with it, each client needs one (mutual "
        "TLS). Needs flight_tls.",
        metavar="FILE",
    )
    flight_session_timeout: float = _setting(
        Unit.SECONDS,
        "12h",
        "A session of Flight SQL that nobody uses for so long ends, and its token with it.",
        minimum=1,
        maximum=30 * 86_400,
    )
    http_port: int = _setting(
        Unit.COUNT,
        "8080",
        "Port for /health, /ready, /metrics and the Spark UI of clusters; 0 picks a free one.",
        metavar="PORT",
        minimum=0,
        maximum=65535,
    )
    http_tls: bool = _setting(
        Unit.SWITCH,
        "off",
        "HTTPS on the HTTP port, with the certificate of tls_cert or the self-signed one. Without it the Spark UI, "
        "which asks for passwords, is served on loopback addresses only.",
        metavar="on,off",
    )
    http_url: str | None = _setting(
        Unit.TEXT, None, "Where users reach the HTTP port, for links to Spark UIs, if not at `host`.", metavar="URL"
    )
    catalog_url: str | None = _setting(
        Unit.TEXT,
        None,
        "PostgreSQL that holds the metadata, postgresql://user@host/database; without it an embedded one is used.",
        metavar="URL",
        secret=True,
    )
    lake_root: Path | str | None = _setting(
        Unit.PLACE,
        None,
        "Folder, or s3://bucket/prefix, below which new tables are put; without it DIR/lake in the data folder. Never "
        "change it once tables exist, except to move them as a whole.",
        metavar="PLACE",
    )
    s3_endpoint: str | None = _setting(
        Unit.TEXT,
        None,
        "URL of the S3-compatible store of the lake; without it AWS_ENDPOINT_URL, else AWS itself.",
        metavar="URL",
    )
    s3_region: str = _setting(Unit.TEXT, "us-east-1", "Region of the object store.", metavar="REGION")
    s3_access_key_id: str | None = _setting(
        Unit.TEXT,
        None,
        "Access key of the object store; without it AWS_ACCESS_KEY_ID and its companions, else the machine's own role.",
        metavar="KEY",
    )
    s3_secret_access_key: str | None = _setting(
        Unit.TEXT,
        None,
        "Secret that belongs to s3_access_key_id. Better set in the file or the environment than as an option, which "
        "other users of the machine can see.",
        metavar="SECRET",
        secret=True,
    )
    s3_session_token: str | None = _setting(
        Unit.TEXT, None, "Session token, if the access key is a temporary one.", metavar="TOKEN", secret=True
    )
    s3_tenant_keys: Path | None = _setting(
        Unit.PATH,
        None,
        "TOML file with a table for each tenant that has its own access_key_id, secret_access_key and, if it is a "
        "temporary one, session_token; read when the tenant's first client comes.",
        metavar="FILE",
    )
    s3_addressing: PathStyle = _setting(
        Unit.CHOICE,
        "auto",
        "Whether the bucket stands in the path of a request or in the host's name; auto: in the path if s3_endpoint "
        "is set.",
        choices=PathStyle,
    )
    s3_allow_http: bool = _setting(
        Unit.SWITCH,
        "off",
        "Allow plain HTTP to an object store on another machine.",
        metavar="on,off",
    )
    s3_timeout: float = _setting(
        Unit.SECONDS, "30s", "Time one request to the object store may take.", minimum=1, maximum=3600
    )
    tls: TlsMode = _setting(
        Unit.CHOICE,
        "optional",
        "TLS for PostgreSQL clients. Without tls_cert a self-signed certificate is made in the data folder.",
        choices=TlsMode,
    )
    tls_cert: Path | None = _setting(Unit.PATH, None, "Certificate chain, PEM; needs tls_key.", metavar="FILE")
    tls_key: Path | None = _setting(Unit.PATH, None, "Private key of tls_cert, PEM.", metavar="FILE")
    workers: int = _setting(
        Unit.COUNT, "32", "Statements running at the same time; more wait.", minimum=1, maximum=1024
    )
    max_connections: int = _setting(
        Unit.COUNT, "500", "Client connections at the same time; more are refused (53300).", minimum=1, maximum=100_000
    )
    engine_threads: int = _setting(
        Unit.COUNT, "0", "Threads of the embedded engine; 0: one for each core.", minimum=0, maximum=1024
    )
    memory_limit: int = _setting(
        Unit.BYTES,
        "2GB",
        "Memory of the embedded engine for one tenant; beyond it queries spill to disk.",
        minimum=128 << 20,
        maximum=16 << 40,
    )
    spill_limit: int = _setting(
        Unit.BYTES,
        "20GB",
        "Disk space for the spill files of one tenant; a query that needs more fails (53100).",
        minimum=0,
        maximum=1 << 50,
    )
    default_cluster: str = _setting(
        Unit.TEXT,
        "embedded",
        "What kadali.cluster = default means: embedded, auto, or a cluster's name, which is then the one that auto "
        "uses; a tenant that has no cluster of that name gets the embedded engine.",
        metavar="NAME",
    )
    auto_bytes: int = _setting(
        Unit.BYTES,
        "4GB",
        "With kadali.cluster = auto, queries that read more than this go to the tenant's cluster.",
        minimum=0,
        maximum=1 << 60,
    )
    kubeconfig: str | None = _setting(
        Unit.TEXT,
        None,
        "How to reach the Kubernetes that Spark clusters run on: a kubeconfig file, or in-cluster for the service "
        "account of the pod this server is in. Without it there are no clusters on Kubernetes.",
        metavar="FILE",
    )
    spark_image: str | None = _setting(
        Unit.TEXT, None, "Image of Spark's pods; needed with kubeconfig (docs/guide/kubernetes.md).", metavar="IMAGE"
    )
    cluster_images: str | None = _setting(
        Unit.TEXT,
        None,
        "Images that clusters may name instead of spark_image, separated by commas; * stands for any text.",
        metavar="IMAGE,...",
    )
    namespace_prefix: str = _setting(
        Unit.TEXT,
        "kadali-",
        "What the names of tenants' namespaces in Kubernetes begin with. Never change it while clusters exist.",
        metavar="TEXT",
    )
    gateway_networks: str | None = _setting(
        Unit.TEXT,
        None,
        "Networks that servers outside of Kubernetes reach Spark's pods from, as CIDR, separated by commas. Without it "
        "a server outside takes its own address towards the API server; one inside is known by its namespace's label.",
        metavar="CIDR,...",
    )
    spark_home: Path | None = _setting(
        Unit.PATH,
        None,
        "A Spark distribution as docker/spark/distribution.py makes it: clusters are drivers of this machine then, "
        "where kubeconfig is not set.",
        metavar="DIR",
    )
    external_clusters: str | None = _setting(
        Unit.TEXT,
        None,
        "Spark Connect servers of others that clusters may name as url: host:port, separated by commas, or any. The "
        "server connects to them, so administrators of databases may choose only among these.",
        metavar="HOST:PORT,...",
    )
    tiers: Path | None = _setting(
        Unit.PATH,
        None,
        "TOML file of what tenants may have (tiers) and of the shapes of clusters (sizes); built-in ones without it.",
        metavar="FILE",
    )
    statement_timeout: float = _setting(
        Unit.SECONDS,
        "0",
        "Default of statement_timeout in new sessions; 0: none.",
        minimum=0,
        maximum=7 * 86_400,
    )
    login_timeout: float = _setting(
        Unit.SECONDS, "60s", "Time a client has to log in (authentication_timeout).", minimum=1, maximum=600
    )
    history_retention: float = _setting(
        Unit.SECONDS, "30d", "How long finished queries stay in the history.", minimum=60, maximum=3650 * 86_400
    )
    history_limit: int = _setting(
        Unit.COUNT, "1000000", "Queries kept in the history at most.", minimum=1000, maximum=1_000_000_000
    )
    shutdown_grace: float = _setting(
        Unit.SECONDS,
        "30s",
        "At SIGTERM or SIGINT, how long running statements may go on before they are cancelled.",
        minimum=0,
        maximum=86_400,
    )
    log_level: LogLevel = _setting(Unit.CHOICE, "info", "Least severe messages to log.", choices=LogLevel)
    log_format: LogFormat = _setting(
        Unit.CHOICE, "text", "Log lines on standard error: readable, or one JSON object each.", choices=LogFormat
    )
    log_statements: bool = _setting(
        Unit.SWITCH,
        "off",
        "Log every statement with its text; otherwise only failed ones are logged.",
        metavar="on,off",
    )

    @property
    def lake(self) -> str:
        """The root of new tables: an absolute folder, or s3://bucket/prefix."""
        return str(self.lake_root or self.data_dir / "lake")


def declarations() -> tuple[Declaration, ...]:
    """Every setting, in the order of the declarations."""
    return tuple(
        Declaration(
            name=entry.name,
            unit=entry.metadata["unit"],
            default=entry.default,
            shown_default=entry.metadata["shown_default"] or "",
            help=entry.metadata["help"],
            metavar=entry.metadata["metavar"],
            minimum=entry.metadata.get("minimum"),
            maximum=entry.metadata.get("maximum"),
            choices=entry.metadata.get("choices"),
            secret=entry.metadata.get("secret", False),
        )
        for entry in fields(Settings)
    )


def load(
    options: Mapping[str, str | None],
    *,
    config: Path | None = None,
    environment: Mapping[str, str] | None = None,
    defaults: Mapping[str, str] | None = None,
) -> Settings:
    """Defaults, then the TOML file, then KADALI_* variables, then `options` (by setting name): the last one wins.

    `defaults` are those of a command that differ from ours. Raises ConfigFileError, naming the setting, where it was
    set, and what would be right.
    """
    environment = os.environ if environment is None else environment
    known = {declared.name: declared for declared in declarations()}
    values = {name: _parsed(known[name], text, "default") for name, text in (defaults or {}).items()}
    if config is not None:
        values |= _from_file(config)
    for declared in known.values():
        if (text := environment.get(declared.variable)) is not None:
            values[declared.name] = _parsed(declared, text, declared.variable)
        if (option := options.get(declared.name)) is not None:
            values[declared.name] = _parsed(declared, option, declared.option)
    settings = Settings(**values)
    if (settings.tls_cert is None) != (settings.tls_key is None):
        raise ConfigFileError("settings tls_cert and tls_key go together", hint="Set both, or none.")
    return settings


def _from_file(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            found = tomllib.load(file)
    except OSError as error:
        raise ConfigFileError(f'could not open configuration file "{path}": {error.strerror}') from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigFileError(f'configuration file "{path}" is not valid TOML', detail=str(error)) from error
    known = {declared.name: declared for declared in declarations()}
    values = {}
    for name, value in found.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f'Perhaps you meant "{near[0]}".' if near else "The settings are listed by: kadali serve --help"
            raise ConfigFileError(
                f'unrecognized configuration parameter "{name}"', detail=f'In file "{path}".', hint=hint
            )
        if not isinstance(value, str | int | float):
            raise ConfigFileError(
                f'invalid value for parameter "{name}"',
                detail=f'In file "{path}".',
                hint="A string or a number is expected.",
            )
        written = ("on" if value else "off") if isinstance(value, bool) else str(value)
        values[name] = _parsed(known[name], written, f'file "{path}"')
    return values


def _parsed(declared: Declaration, text: str, where: str) -> Any:
    try:
        value = parse_value(text, declared.unit, declared.choices)
        low, high = declared.minimum, declared.maximum
        if low is not None and high is not None and not low <= value <= high:
            raise ValueError(f"{value} is outside the valid range ({low:.15g} .. {high:.15g})")
        if isinstance(value, Path):
            value = value.expanduser().absolute()
    except (ValueError, RuntimeError) as error:  # RuntimeError: the home of a user that there is not
        raise ConfigFileError(
            f'invalid value for parameter "{declared.name}": "{"***" if declared.secret else text}"',
            detail=f"Set by {where}.",
            hint=f"{str(error).rstrip('.')}.",
        ) from error
    return value
