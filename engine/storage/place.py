"""Names of folders and files as the rest of the program uses them: plain paths, or s3://bucket/key. No file access."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from catalog.errors import FeatureNotSupported

S3_SCHEMES = ("s3", "s3a", "s3n")
"""All mean the same; Spark writes s3a."""


def is_s3(uri: str) -> bool:
    """Whether a URI, or a place, is of an object store."""
    scheme, separator, _ = uri.partition("://")
    return bool(separator) and scheme in S3_SCHEMES


def place(uri: str) -> str:
    """A table's or file's URI as its place; raises FeatureNotSupported for stores that there is no way to."""
    if "://" not in uri:
        return uri
    if is_s3(uri):
        return "s3://" + unquote(uri.partition("://")[2])
    parts = urlsplit(uri)
    if parts.scheme != "file":
        raise FeatureNotSupported(f'tables on "{parts.scheme}" storage are not supported by the embedded engine')
    return unquote(parts.path)


def resolve(root: str, path: str) -> str:
    """A data file's place from its path in the log, which is percent-encoded once; `root` ends in a slash."""
    if "://" in path:
        return place(path)
    return unquote(path) if path.startswith("/") else root + unquote(path)


def bucket_and_key(place_: str) -> tuple[str, str]:
    """Of a place in an object store."""
    bucket, _, key = place_.removeprefix("s3://").partition("/")
    return bucket, key


def s3a(uri: str) -> str:
    """The URI by which Spark knows a place: s3:// is unknown to it."""
    scheme, separator, rest = uri.partition("://")
    return f"s3a://{rest}" if separator and scheme in S3_SCHEMES else uri
