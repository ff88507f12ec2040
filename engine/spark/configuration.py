"""Spark's settings, in one place: those of every driver of ours, and those each session sets on any driver."""

from __future__ import annotations

import math
from collections.abc import Mapping

from engine.storage.options import RETRIES_MAX, S3Options

DELTA_EXTENSION = "io.delta.sql.DeltaSparkSessionExtension"
LIBRARY_EXTENSION = "io.kadali.spark.KadaliExtensions"
"""Our functions (`pg_*`), of kadali-spark.jar."""
LOG_STORE = "io.kadali.spark.S3ConditionalLogStore"
"""Ours, of kadali-spark.jar: Delta's own overwrites what another writer has committed in between."""
WATCH = "io.kadali.spark.QueryWatch"
"""Ours, of kadali-spark.jar: ends in the driver what nobody waits for any more."""
TIME_ZONE = "spark.sql.session.timeZone"
_FROM_ENVIRONMENT = "software.amazon.awssdk.auth.credentials.EnvironmentVariableCredentialsProvider"

SESSION_SETTINGS: Mapping[str, str] = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    TIME_ZONE: "UTC",
    "spark.sql.caseSensitive": "true",
    # sums and products of decimals keep every digit or fail: with true Spark rounds away what exceeds 38 digits
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",
    "spark.sql.parser.escapedStringLiterals": "false",
    # "${env:HOME}" in a text would be replaced by the driver's environment before the statement is parsed
    "spark.sql.variable.substitute": "false",
    "spark.sql.readSideCharPadding": "false",  # char(n) is padded by us; Delta's MERGE fails on what Spark pads
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",  # with INT96 other readers lose the zone
    "spark.databricks.delta.snapshotPartitions": "2",  # Spark's 50 are that many tasks for each snapshot
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "4",  # of 10000: VACUUM of three files took minutes
}
"""What the gateway relies on: set in each Connect session, so that it holds on drivers that others have configured."""


def spark_defaults(
    cores: float,
    *,
    library: bool = True,
    warehouse: str | None = None,
    result_bytes_max: int = 1 << 30,
    session_timeout_s: int = 1800,
) -> dict[str, str]:
    """Settings common to local drivers and drivers in pods.

    `cores`: those of all workers (of the driver, where it works alone). `library`: kadali-spark.jar is on the class
    path. `warehouse`: a folder for Spark's own tables, of which there are none. `session_timeout_s`: a Connect session
    that nobody uses ends by itself after this time.
    """
    extensions = [DELTA_EXTENSION, *([LIBRARY_EXTENSION] if library else [])]
    settings = {
        **SESSION_SETTINGS,
        "spark.sql.extensions": ",".join(extensions),
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.shuffle.partitions": str(max(2, math.ceil(cores))),
        "spark.driver.maxResultSize": str(result_bytes_max),
        "spark.connect.session.manager.defaultSessionTimeout": f"{session_timeout_s}s",
        "spark.connect.progress.reportInterval": "250ms",  # a cancel waits for the first one: execution.SETTLE_S
        # driver and workers talk to who knows the secret that Spark makes for them, and encrypted
        "spark.authenticate": "true",
        "spark.network.crypto.enabled": "true",
        "spark.network.crypto.authEngineVersion": "2",
        "spark.network.crypto.saslFallback": "false",
        "spark.network.crypto.cipher": "AES/GCM/NoPadding",  # Spark's default is not authenticated
        "spark.ui.killEnabled": "false",
        # what the driver remembers of the past, for its web page, is bounded
        "spark.ui.retainedJobs": "200",
        "spark.ui.retainedStages": "200",
        "spark.ui.retainedTasks": "10000",
        "spark.sql.ui.retainedExecutions": "100",
        "spark.connect.ui.retainedSessions": "100",
        "spark.connect.ui.retainedStatements": "100",
        "spark.ui.showConsoleProgress": "false",
    }
    if library:
        settings |= {f"spark.delta.logStore.{scheme}.impl": LOG_STORE for scheme in ("s3a", "s3")}
        settings["spark.extraListeners"] = WATCH
    if warehouse is not None:
        settings["spark.sql.warehouse.dir"] = warehouse
    return settings


def s3a_settings(options: S3Options, bucket: str) -> dict[str, str]:
    """How Spark reaches a bucket, by s3a:// or s3:// URLs. Holds no secret: the keys come from `s3a_environment`."""
    mine = f"spark.hadoop.fs.s3a.bucket.{bucket}."
    settings = {
        "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
        f"{mine}endpoint.region": options.region,
        f"{mine}path.style.access": str(options.in_path).lower(),
        f"{mine}connection.request.timeout": f"{max(math.ceil(options.timeout_s), 15)}s",  # S3A takes no less
        f"{mine}attempts.maximum": str(RETRIES_MAX),
    }
    if options.endpoint is not None:
        settings[f"{mine}endpoint"] = options.endpoint
        settings[f"{mine}connection.ssl.enabled"] = str(not options.plain_http).lower()
    if options.access_key_id is not None:
        settings[f"{mine}aws.credentials.provider"] = _FROM_ENVIRONMENT
    return settings


def s3a_environment(options: S3Options) -> dict[str, str]:
    """Variables of the processes of a driver and its executors: the keys, which belong into a Secret."""
    if options.access_key_id is None or options.secret_access_key is None:
        return {}
    found = {"AWS_ACCESS_KEY_ID": options.access_key_id, "AWS_SECRET_ACCESS_KEY": options.secret_access_key}
    return found if options.session_token is None else {**found, "AWS_SESSION_TOKEN": options.session_token}


def properties(settings: Mapping[str, str]) -> str:
    """The text of a Java properties file (spark-defaults.conf) with these settings."""
    return "".join(f"{_escaped(key, key=True)}={_escaped(value, key=False)}\n" for key, value in settings.items())


def _escaped(text: str, *, key: bool) -> str:
    special = "\\=:#! " if key else "\\"
    out = []
    for i, c in enumerate(text):
        if c in special or (c == " " and i == 0):
            out.append("\\" + c)
        elif c in "\n\r\t\f":
            out.append({"\n": "\\n", "\r": "\\r", "\t": "\\t", "\f": "\\f"}[c])
        elif " " <= c <= "~":
            out.append(c)
        else:
            out.extend(f"\\u{unit:04x}" for unit in _utf16(c))
    return "".join(out)


def _utf16(c: str) -> tuple[int, ...]:
    data = c.encode("utf-16-be")
    return tuple(int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2))
