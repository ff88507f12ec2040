"""Makes the archive of classes (class data sharing) with which the Java machines of drivers start faster.

    python archive.py FILE --class-path JARS

Runs with a distribution's Python. Starts a driver as agent.py does, has it rehearse, and lets Java write down at its
end which classes it has loaded. FILE fits this Java and these jars only: Java passes it over anywhere else.
"""

from __future__ import annotations

import argparse
import os
import secrets
import socket
import sys
import tempfile
from pathlib import Path

from machine import Machine
from rehearsal import rehearse

END_S = 900.0
EXTENSIONS = "io.delta.sql.DeltaSparkSessionExtension,io.kadali.spark.KadaliExtensions"


def make(file: Path, class_path: str) -> None:
    """Raises RuntimeError, subprocess.TimeoutExpired, Py4JError."""
    with tempfile.TemporaryDirectory() as name:
        work, token = Path(name), secrets.token_hex()
        os.environ["SPARK_CONNECT_AUTHENTICATE_TOKEN"] = token
        os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        settings = {
            "spark.master": "local[2]",
            "spark.driver.memory": "1g",
            "spark.driver.extraClassPath": class_path,
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.sql.extensions": EXTENSIONS,
            "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
            "spark.sql.warehouse.dir": f"{work}/warehouse",
            "spark.local.dir": f"{work}/local",
            "spark.sql.shuffle.partitions": "2",
            "spark.databricks.delta.snapshotPartitions": "2",
            "spark.connect.grpc.binding.address": "127.0.0.1",
            "spark.connect.grpc.binding.port": str(port),
        }
        (work / "properties").write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
        quiet = "-Xlog:cds=off,cds+dynamic=off"  # classes that cannot be archived are told one by one
        machine = Machine(str(work / "properties"), (f"-XX:ArchiveClassesAtExit={file}", quiet))
        session = machine.session()
        rehearse(session.sparkContext._gateway, ("127.0.0.1", port), token, work)
        session.stop()
        machine.end(END_S)
    if not file.exists():
        raise RuntimeError("Java has made no archive of classes")


def main() -> int:
    parser = argparse.ArgumentParser(description="Make the archive of classes of a Spark distribution.")
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--class-path", default="", metavar="JARS", help="beside Spark's own: FOLDER/*")
    arguments = parser.parse_args()
    make(arguments.file.absolute(), arguments.class_path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
