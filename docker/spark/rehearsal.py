"""Queries that a driver asks itself through Spark Connect, as a gateway would: what they need is loaded after them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

USER = "rehearsal"
_SCHEMA = {
    "type": "struct",
    "fields": [
        {"name": name, "type": kind, "nullable": True, "metadata": {}}
        for name, kind in (("id", "long"), ("name", "string"), ("price", "decimal(12,2)"), ("day", "date"))
    ],
}


def rehearse(
    gateway: Any, address: tuple[str, int], token: str, folder: Path, more: Callable[[], bool] = lambda: True
) -> None:
    """Read a table of Delta, made in `folder`, through Connect at `address`; before each query `more` is asked whether
    to go on. `gateway`: py4j's. Raises Py4JError.
    """
    table = folder / "rehearsal"
    _write_table(table)
    read = f"SELECT CAST(id AS BIGINT) AS id, CAST(name AS STRING) AS name FROM delta.`{table}` VERSION AS OF 0"
    with_rows = "SELECT count(*) AS n, sum(id) AS total, concat('', max(id)) AS most FROM range(0, 1000, 1, 2)"
    client = _Client(gateway, address, token)
    try:
        for sql in (
            f"WITH t AS ({read}) SELECT id FROM t",
            with_rows,
            f"WITH t AS ({read}) SELECT name, count(*) AS n FROM t GROUP BY name ORDER BY n DESC LIMIT 5",
        ):
            if not more():
                return
            client.run(sql)
    finally:
        client.close()


def _write_table(folder: Path) -> None:
    """A table of Delta without rows, as its protocol describes it."""
    log = folder / "_delta_log"
    log.mkdir(parents=True, exist_ok=True)
    entries = (
        {"commitInfo": {"timestamp": 0, "operation": "CREATE TABLE"}},
        {"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}},
        {
            "metaData": {
                "id": str(uuid.uuid4()),
                "format": {"provider": "parquet", "options": {}},
                "schemaString": json.dumps(_SCHEMA),
                "partitionColumns": [],
                "configuration": {},
                "createdTime": 0,
            }
        },
    )
    text = "".join(json.dumps(entry) + "\n" for entry in entries)
    (log / f"{0:020}.json").write_text(text)


class _Client:
    """Java's own client of Connect, which is in the driver's class path, in a session of its own."""

    def __init__(self, gateway: Any, address: tuple[str, int], token: str) -> None:
        jvm = gateway.jvm
        grpc = jvm.org.sparkproject.connect.grpc
        self._proto = jvm.org.apache.spark.connect.proto
        self._channel = grpc.netty.NettyChannelBuilder.forAddress(*address).usePlaintext().build()
        headers = grpc.Metadata()
        name = grpc.Metadata.Key.of("authorization", grpc.Metadata.ASCII_STRING_MARSHALLER)
        headers.put(name, f"Bearer {token}")
        kinds = gateway.new_array(jvm.org.sparkproject.connect.grpc.ClientInterceptor, 1)
        kinds[0] = grpc.stub.MetadataUtils.newAttachHeadersInterceptor(headers)
        self._stub = self._proto.SparkConnectServiceGrpc.newBlockingStub(self._channel).withInterceptors(kinds)
        self._session = str(uuid.uuid4())
        self._user = self._proto.UserContext.newBuilder().setUserId(USER).build()

    def run(self, sql: str) -> None:
        """Ask, and read the answer to its end."""
        query = self._proto.SQL.newBuilder().setQuery(sql)
        plan = self._proto.Plan.newBuilder().setRoot(self._proto.Relation.newBuilder().setSql(query))
        request = self._proto.ExecutePlanRequest.newBuilder().setSessionId(self._session).setUserContext(self._user)
        answers = self._stub.executePlan(request.setPlan(plan).build())
        while answers.hasNext():
            answers.next()

    def close(self) -> None:
        request = self._proto.ReleaseSessionRequest.newBuilder().setSessionId(self._session)
        self._stub.releaseSession(request.setUserContext(self._user).build())
        self._channel.shutdownNow()
