"""The server's settings: each declared once here. Command line, KADALI_* variables, TOML keys and the reference page
are made from the declarations. Where values come from is in `configuration.py`, settings of a session are in
sql_extensions/settings.
"""

# ruff: noqa: RUF009 - setting() is dataclasses.field() with our declaration

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields
from enum import Enum
from pathlib import Path

from gateway.declaration import Declaration, setting
from gateway.units import Unit


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


def user_data_dir() -> Path:
    """Where this platform keeps a user's data: XDG_DATA_HOME or ~/.local/share, with `kadali` below."""
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "kadali"


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
    host: str = setting(Unit.TEXT, "127.0.0.1", "Address to listen on; 0.0.0.0 or :: for all.", metavar="ADDRESS")
    pg_port: int = setting(
        Unit.COUNT, "5433", "Port for PostgreSQL clients; 0 picks a free one.", metavar="PORT", minimum=0, maximum=65535
    )
    flight_port: int = setting(
        Unit.COUNT, "5434", "Port for Arrow Flight SQL; 0 picks a free one.", metavar="PORT", minimum=0, maximum=65535
    )
    flight_tls: bool = setting(
        Unit.SWITCH,
        "off",
        "TLS on the Flight SQL port, with the certificate of tls_cert or the self-signed one. Without it passwords are "
        "taken on loopback addresses only.",
        metavar="on,off",
    )
    flight_client_ca: Path | None = setting(
        Unit.PATH,
        None,
        "Certificates, PEM, of who may sign those of Flight SQL's clients: with it, each client needs one (mutual "
        "TLS). Needs flight_tls.",
        metavar="FILE",
    )
    flight_session_timeout: float = setting(
        Unit.SECONDS,
        "12h",
        "A session of Flight SQL that nobody uses for so long ends, and its token with it.",
        minimum=1,
        maximum=30 * 86_400,
    )
    http_port: int = setting(
        Unit.COUNT,
        "8080",
        "Port for /health, /ready, /metrics and the Spark UI of clusters; 0 picks a free one.",
        metavar="PORT",
        minimum=0,
        maximum=65535,
    )
    http_tls: bool = setting(
        Unit.SWITCH,
        "off",
        "HTTPS on the HTTP port, with the certificate of tls_cert or the self-signed one. Without it the Spark UI, "
        "which asks for passwords, is served on loopback addresses only.",
        metavar="on,off",
    )
    http_url: str | None = setting(
        Unit.TEXT, None, "Where users reach the HTTP port, for links to Spark UIs, if not at `host`.", metavar="URL"
    )
    catalog_url: str | None = setting(
        Unit.TEXT,
        None,
        "PostgreSQL that holds the metadata, postgresql://user@host/database; without it an embedded one is used.",
        metavar="URL",
        secret=True,
    )
    lake_root: Path | str | None = setting(
        Unit.PLACE,
        None,
        "Folder, or s3://bucket/prefix, below which new tables are put; without it DIR/lake in the data folder. Never "
        "change it once tables exist, except to move them as a whole.",
        metavar="PLACE",
    )
    s3_endpoint: str | None = setting(
        Unit.TEXT,
        None,
        "URL of the S3-compatible store of the lake; without it AWS_ENDPOINT_URL, else AWS itself.",
        metavar="URL",
    )
    s3_region: str = setting(Unit.TEXT, "us-east-1", "Region of the object store.", metavar="REGION")
    s3_access_key_id: str | None = setting(
        Unit.TEXT,
        None,
        "Access key of the object store; without it AWS_ACCESS_KEY_ID and its companions, else the machine's own role.",
        metavar="KEY",
    )
    s3_secret_access_key: str | None = setting(
        Unit.TEXT,
        None,
        "Secret that belongs to s3_access_key_id. Better set in the file or the environment than as an option, which "
        "other users of the machine can see.",
        metavar="SECRET",
        secret=True,
    )
    s3_session_token: str | None = setting(
        Unit.TEXT, None, "Session token, if the access key is a temporary one.", metavar="TOKEN", secret=True
    )
    s3_tenant_keys: Path | None = setting(
        Unit.PATH,
        None,
        "TOML file with a table for each tenant that has its own access_key_id, secret_access_key and, if it is a "
        "temporary one, session_token; read when the tenant's first client comes.",
        metavar="FILE",
    )
    s3_addressing: PathStyle = setting(
        Unit.CHOICE,
        "auto",
        "Whether the bucket stands in the path of a request or in the host's name; auto: in the path if s3_endpoint "
        "is set.",
        choices=PathStyle,
    )
    s3_allow_http: bool = setting(
        Unit.SWITCH,
        "off",
        "Allow plain HTTP to an object store on another machine.",
        metavar="on,off",
    )
    s3_timeout: float = setting(
        Unit.SECONDS, "30s", "Time one request to the object store may take.", minimum=1, maximum=3600
    )
    tls: TlsMode = setting(
        Unit.CHOICE,
        "optional",
        "TLS for PostgreSQL clients. Without tls_cert a self-signed certificate is made in the data folder.",
        choices=TlsMode,
    )
    tls_cert: Path | None = setting(Unit.PATH, None, "Certificate chain, PEM; needs tls_key.", metavar="FILE")
    tls_key: Path | None = setting(Unit.PATH, None, "Private key of tls_cert, PEM.", metavar="FILE")
    workers: int = setting(Unit.COUNT, "32", "Statements running at the same time; more wait.", minimum=1, maximum=1024)
    max_connections: int = setting(
        Unit.COUNT, "500", "Client connections at the same time; more are refused (53300).", minimum=1, maximum=100_000
    )
    engine_threads: int = setting(
        Unit.COUNT, "0", "Threads of the embedded engine; 0: one for each core.", minimum=0, maximum=1024
    )
    memory_limit: int = setting(
        Unit.BYTES,
        "2GB",
        "Memory of the embedded engine for one tenant; beyond it queries spill to disk.",
        minimum=128 << 20,
        maximum=16 << 40,
    )
    spill_limit: int = setting(
        Unit.BYTES,
        "20GB",
        "Disk space for the spill files of one tenant; a query that needs more fails (53100).",
        minimum=0,
        maximum=1 << 50,
    )
    default_cluster: str = setting(
        Unit.TEXT,
        "embedded",
        "What kadali.cluster = default means: embedded, auto, or a cluster's name, which is then the one that auto "
        "uses; a tenant that has no cluster of that name gets the embedded engine.",
        metavar="NAME",
    )
    auto_bytes: int = setting(
        Unit.BYTES,
        "4GB",
        "With kadali.cluster = auto, queries that read more than this go to the tenant's cluster.",
        minimum=0,
        maximum=1 << 60,
    )
    kubeconfig: str | None = setting(
        Unit.TEXT,
        None,
        "How to reach the Kubernetes that Spark clusters run on: a kubeconfig file, or in-cluster for the service "
        "account of the pod this server is in. Without it there are no clusters on Kubernetes.",
        metavar="FILE",
    )
    spark_image: str | None = setting(
        Unit.TEXT, None, "Image of Spark's pods; needed with kubeconfig (docs/guide/kubernetes.md).", metavar="IMAGE"
    )
    cluster_images: str | None = setting(
        Unit.TEXT,
        None,
        "Images that clusters may name instead of spark_image, separated by commas; * stands for any text.",
        metavar="IMAGE,...",
    )
    namespace_prefix: str = setting(
        Unit.TEXT,
        "kadali-",
        "What the names of tenants' namespaces in Kubernetes begin with. Never change it while clusters exist.",
        metavar="TEXT",
    )
    gateway_networks: str | None = setting(
        Unit.TEXT,
        None,
        "Networks that servers outside of Kubernetes reach Spark's pods from, as CIDR, separated by commas. Without it "
        "a server outside takes its own address towards the API server; one inside is known by its namespace's label.",
        metavar="CIDR,...",
    )
    spark_home: Path | None = setting(
        Unit.PATH,
        None,
        "A Spark distribution as docker/spark/distribution.py makes it: clusters are drivers of this machine then, "
        "where kubeconfig is not set.",
        metavar="DIR",
    )
    external_clusters: str | None = setting(
        Unit.TEXT,
        None,
        "Spark Connect servers of others that clusters may name as url: host:port, separated by commas, or any. The "
        "server connects to them, so administrators of databases may choose only among these.",
        metavar="HOST:PORT,...",
    )
    secret_key_file: Path | None = setting(
        Unit.PATH,
        None,
        "File with the key that seals secrets in the metadata store, the same on all gateways; without it secrets.key "
        "in the data folder. Made at first use, readable for the server's user only: keep a copy elsewhere.",
        metavar="FILE",
    )
    secret_env: str | None = setting(
        Unit.TEXT,
        None,
        "Environment variables of the server that secrets may be read from, separated by commas; database:NAME is for "
        "that database only. None without it.",
        metavar="[DATABASE:]NAME,...",
    )
    secret_paths: str | None = setting(
        Unit.TEXT,
        None,
        "Folders with files that secrets may be read from, separated by commas; database:DIR is for that database "
        "only. None without it.",
        metavar="[DATABASE:]DIR,...",
    )
    connect_to: str = setting(
        Unit.TEXT,
        "any",
        "Where connections of administrators of databases may lead: any, or host[:port], *.domain[:port] and "
        "network[:port], separated by commas. Link-local addresses and clouds' metadata services are never open.",
        metavar="HOST[:PORT],...",
    )
    tiers: Path | None = setting(
        Unit.PATH,
        None,
        "TOML file of what tenants may have (tiers) and of the shapes of clusters (sizes); built-in ones without it.",
        metavar="FILE",
    )
    statement_timeout: float = setting(
        Unit.SECONDS,
        "0",
        "Default of statement_timeout in new sessions; 0: none.",
        minimum=0,
        maximum=7 * 86_400,
    )
    login_timeout: float = setting(
        Unit.SECONDS, "60s", "Time a client has to log in (authentication_timeout).", minimum=1, maximum=600
    )
    history_retention: float = setting(
        Unit.SECONDS, "30d", "How long finished queries stay in the history.", minimum=60, maximum=3650 * 86_400
    )
    history_limit: int = setting(
        Unit.COUNT, "1000000", "Queries kept in the history at most.", minimum=1000, maximum=1_000_000_000
    )
    shutdown_grace: float = setting(
        Unit.SECONDS,
        "30s",
        "At SIGTERM or SIGINT, how long running statements may go on before they are cancelled.",
        minimum=0,
        maximum=86_400,
    )
    log_level: LogLevel = setting(Unit.CHOICE, "info", "Least severe messages to log.", choices=LogLevel)
    log_format: LogFormat = setting(
        Unit.CHOICE, "text", "Log lines on standard error: readable, or one JSON object each.", choices=LogFormat
    )
    log_statements: bool = setting(
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
