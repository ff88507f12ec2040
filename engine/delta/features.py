"""Which Delta table features may be read and written here: the gates before any file is opened."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from catalog.errors import FeatureNotSupported, InvalidParameterValue
from engine.delta.schema import IDENTITY_KEY, DeltaField

READ_HERE = frozenset({"deletionVectors", "timestampNtz", "columnMapping", "v2Checkpoint", "variantType"})
"""Reader features the scan understands; variantType only as long as no column is a variant."""

WRITE_HERE = frozenset(
    {
        "appendOnly",
        "invariants",
        "checkConstraints",
        "changeDataFeed",
        "generatedColumns",
        "columnMapping",
        "deletionVectors",
        "timestampNtz",
        "v2Checkpoint",
        "domainMetadata",
    }
)
"""Writer features under which deltalake 1.6 was seen to write right tables."""

SETTABLE = frozenset(
    {
        "delta.appendOnly",
        "delta.autoOptimize.autoCompact",
        "delta.autoOptimize.optimizeWrite",
        "delta.checkpointInterval",
        "delta.dataSkippingNumIndexedCols",
        "delta.dataSkippingStatsColumns",
        "delta.deletedFileRetentionDuration",
        "delta.enableChangeDataFeed",
        "delta.enableExpiredLogCleanup",
        "delta.isolationLevel",
        "delta.logRetentionDuration",
        "delta.randomizeFilePrefixes",
        "delta.randomPrefixLength",
        "delta.setTransactionRetentionDuration",
        "delta.targetFileSize",
        "delta.tuneFileSizesForRewrites",
    }
)
"""Properties that deltalake honours or that only Spark reads; keys without "delta." are the user's own."""
_FEATURE_PROPERTIES = (
    "delta.feature.", "delta.enable", "delta.columnMapping.", "delta.minReaderVersion", "delta.minWriterVersion",
    "delta.checkpointPolicy", "delta.universalFormat.",
)  # fmt: skip

_CLUSTER_HINT = "Use a Spark cluster for this table."
_READER_VERSION_MAX = 3
_WRITER_VERSION_MAX = 7


def check_readable(min_reader: int, reader_features: Iterable[str], fields: Iterable[DeltaField]) -> None:
    """Raise FeatureNotSupported naming what the scan would get wrong."""
    if min_reader > _READER_VERSION_MAX:
        raise FeatureNotSupported(f"Delta reader version {min_reader} is not supported by the embedded engine")
    unknown = sorted(set(reader_features) - READ_HERE)
    if unknown:
        raise FeatureNotSupported(
            f"the table uses Delta feature {_listed(unknown)}, which the embedded engine does not support",
            hint=_CLUSTER_HINT,
        )
    for field in fields:
        if '"variant"' in json.dumps(field.type):
            raise FeatureNotSupported(
                f'column "{field.name}" is a Delta variant, which the embedded engine does not support',
                hint=_CLUSTER_HINT,
            )


def check_writable(
    min_writer: int, writer_features: Iterable[str], configuration: Mapping[str, str], fields: Iterable[DeltaField]
) -> None:
    """Raise FeatureNotSupported naming what deltalake would refuse or get wrong."""
    if min_writer > _WRITER_VERSION_MAX:
        raise FeatureNotSupported(f"Delta writer version {min_writer} is not supported here", hint=_CLUSTER_HINT)
    fields = tuple(fields)
    used = set(writer_features)
    if min_writer == 6 and any(IDENTITY_KEY in field.metadata for field in fields):
        used.add("identityColumns")
    if configuration.get("delta.enableRowTracking") == "true":
        used.add("rowTracking")
    if configuration.get("delta.enableInCommitTimestamps") == "true":
        used.add("inCommitTimestamp")
    unknown = sorted(used - WRITE_HERE)
    if unknown:
        raise FeatureNotSupported(
            f"the table uses Delta feature {_listed(unknown)}, which cannot be written here", hint=_CLUSTER_HINT
        )
    if any('"variant"' in json.dumps(field.type) for field in fields):
        raise FeatureNotSupported("tables with variant columns cannot be written here", hint=_CLUSTER_HINT)


def check_partition_types(fields: Iterable[DeltaField], partition_by: Sequence[str]) -> None:
    """Refuse to read partition columns of bytes: writers put them into the log in different ways."""
    for field in fields:
        if field.name in partition_by and pa.types.is_binary(field.arrow):
            raise FeatureNotSupported(
                f'partition column "{field.name}" is of type bytea, which the embedded engine does not support',
                hint=_CLUSTER_HINT,
            )


def check_partition_values(fields: Iterable[DeltaField], partition_by: Sequence[str], files: pa.Table) -> None:
    """Refuse to rewrite files (`files` as in a snapshot) of partitions that deltalake would note wrongly.

    It writes the number -1.50 as "-1.-50", after which nobody can read the table any more.
    """
    for field in fields:
        if field.name in partition_by and any(map(has_negative_fraction, files[f"partition.{field.name}"].chunks)):
            raise negative_partition(field.name)


def check_file_paths(files: pa.Table) -> None:
    """Refuse to take away files (`files` as in a snapshot) whose path in the log has letters outside ASCII.

    Spark writes those letters as they are, deltalake escapes them in what it removes: the two do not meet, and rows
    said to be deleted would stay.
    """
    for chunk in files["path"].chunks:
        if pc.any(pc.invert(pc.string_is_ascii(chunk))).as_py():
            raise FeatureNotSupported(
                "tables with file names outside ASCII, written by Spark, can only be appended to here",
                hint=_CLUSTER_HINT,
            )


def has_negative_fraction(column: pa.Array) -> bool:
    """Whether a column of partition values holds a negative number of a type with decimals."""
    kind = column.type
    return bool(pa.types.is_decimal(kind) and kind.scale > 0 and pc.any(pc.less(column, pa.scalar(0, kind))).as_py())


def negative_partition(name: str) -> FeatureNotSupported:
    return FeatureNotSupported(
        f'negative numbers with decimals cannot be written in partition column "{name}"', hint=_CLUSTER_HINT
    )


def check_properties(properties: Mapping[str, str]) -> None:
    """Refuse what would turn on features deltalake has not (0A000: it accepts some, to no or bad effect), and 22023."""
    for key, value in properties.items():
        if not key.startswith("delta.") or (key in SETTABLE and key != "delta.checkpointInterval"):
            continue
        if key == "delta.checkpointInterval":
            if not value.isdecimal() or int(value) == 0:
                raise InvalidParameterValue(f'invalid value for table property "{key}": "{value}"')
        elif key.startswith(_FEATURE_PROPERTIES):
            raise FeatureNotSupported(f'table property "{key}" cannot be set here', hint=_CLUSTER_HINT)
        else:
            raise InvalidParameterValue(f'unrecognized table property "{key}"')


def _listed(features: Iterable[str]) -> str:
    return ", ".join(f'"{feature}"' for feature in features)
