"""The Java machine of a driver: started as spark-submit would, without the machine that spark-submit needs for itself.

What it loads of a thousand classes it finds in an archive (class data sharing), if there is one: `archive.py` makes
it. An archive of another Java, or of other jars, is passed over by Java itself.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import shutil
import struct
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

CONNECT_PORT = 15002
LOOK_EVERY_S = 0.02
LIBRARY = "kadali-spark.jar"
_MODULES = (
    "-XX:+IgnoreUnrecognizedVMOptions",
    "--add-modules=jdk.incubator.vector",
    *(
        f"--add-opens=java.base/{package}=ALL-UNNAMED"
        for package in (
            "java.lang java.lang.invoke java.lang.reflect java.io java.net java.nio java.util java.util.concurrent"
            " java.util.concurrent.atomic jdk.internal.ref sun.nio.ch sun.nio.cs sun.security.action sun.util.calendar"
        ).split()
    ),
    "--add-opens=java.security.jgss/sun.security.krb5=ALL-UNNAMED",
    "-Dio.netty.tryReflectionSetAccessible=true",
    "-Dio.netty.allocator.type=pooled",
    "-Dio.netty.handler.ssl.defaultEndpointVerificationAlgorithm=NONE",
    "--sun-misc-unsafe-memory-access=allow",
    "--enable-native-access=ALL-UNNAMED",
)
"""As org.apache.spark.launcher.JavaModuleOptions of Spark 4.2 has them."""

FIRST_HEAP_MIB, FIRST_CLASSES = 256, "-XX:MetaspaceSize=256m"
"""As much as a driver needs after its start: Java's defaults are collected several times until then."""
_SHARED = (
    "-Xshare:auto",
    "-XX:+UnlockDiagnosticVMOptions",
    "-XX:ArchiveRelocationMode=0",  # else each page of the archive is written to, and shared by nobody
    "-Xlog:cds=off,cds+dynamic=off",  # one that does not fit is no error
)


class Machine:
    """Started at once; it ends with its standard input, a pipe of ours. `options` are further ones of Java."""

    def __init__(self, properties_file: str, options: Sequence[str] = ()) -> None:
        settings = read_properties(Path(properties_file).read_text())
        self._folder = Path(tempfile.mkdtemp())
        self._told = self._folder / "told"
        environment = os.environ | {"SPARK_CONNECT_MODE": "0", "_PYSPARK_DRIVER_CONN_INFO_PATH": str(self._told)}
        command = [*_java(settings, options), "org.apache.spark.deploy.SparkSubmit"]
        command += ["--properties-file", properties_file, "pyspark-shell"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, env=environment)

    def session(self) -> Any:
        """A classic session that serves Connect. Raises RuntimeError if the machine ends before, Py4JError."""
        from pyspark.sql import SparkSession  # takes a while, in which Java starts

        self._introduce()
        builder = SparkSession.builder.config("spark.plugins", "org.apache.spark.sql.connect.SparkConnectPlugin")
        for key, value in _place().items():
            builder = builder.config(key, value)
        return builder.getOrCreate()

    def end(self, patience_s: float) -> None:
        """By the end of its input. Raises subprocess.TimeoutExpired."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        self.process.wait(patience_s)

    def _introduce(self) -> None:
        """Wait until it can be reached, and tell pyspark how."""
        try:
            while not self._told.exists():
                if self.process.poll() is not None:
                    raise RuntimeError(f"Java has ended with status {self.process.returncode}")
                time.sleep(LOOK_EVERY_S)
            told = self._told.read_bytes()
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)
        port, length = struct.unpack(">ii", told[:8])
        os.environ["PYSPARK_GATEWAY_PORT"] = str(port)
        os.environ["PYSPARK_GATEWAY_SECRET"] = told[8 : 8 + length].decode()


def read_properties(text: str) -> dict[str, str]:
    """What `engine.spark.configuration.properties` has written: a setting a line, none goes on in the next one."""
    found = {}
    for line in text.splitlines():
        pair = re.fullmatch(r"((?:[^\\=]|\\.)*)=(.*)", line)
        if pair is not None:
            found[_plain(pair[1])] = _plain(pair[2])
    return found


def _java(settings: Mapping[str, str], options: Sequence[str]) -> list[str]:
    home = os.environ.get("JAVA_HOME")
    archive = os.environ.get("KADALI_CLASS_ARCHIVE", "")
    shared = [f"-XX:SharedArchiveFile={archive}", *_SHARED] if archive else []
    logging = Path(os.environ.get("SPARK_CONF_DIR", "/"), "log4j2.properties")
    return [
        f"{home}/bin/java" if home else "java",
        "-cp",
        ":".join(_class_path(settings)),
        *_heap(settings.get("spark.driver.memory", "1g")),
        FIRST_CLASSES,
        *_MODULES,
        *shared,
        *([f"-Dlog4j2.configurationFile={logging}"] if logging.exists() else []),
        *shlex.split(settings.get("spark.driver.extraJavaOptions", "")),
        *options,
    ]


def _heap(most: str) -> list[str]:
    """`most`: as Java writes it."""
    in_mib = re.fullmatch(r"(\d+)m", most)
    first = min(int(in_mib[1]), FIRST_HEAP_MIB) if in_mib else FIRST_HEAP_MIB
    return [f"-Xms{first}m", f"-Xmx{most}"]


def _class_path(settings: Mapping[str, str]) -> list[str]:
    """Jar by jar, in an order that does not depend on the disk: archives of classes are made for one class path, and
    folders in it make them useless. What comes behind the jars of the archive may change: our own jar is the last.
    Settings of logging are told by their own option.
    """
    found: list[str] = []
    for entry in (settings.get("spark.driver.extraClassPath", ""), f"{spark_home()}/jars/*"):
        if entry.endswith("/*"):
            found += sorted(str(jar) for jar in Path(entry[:-2]).glob("*.jar"))
        elif entry:
            found.append(entry)
    return sorted(found, key=lambda jar: Path(jar).name == LIBRARY)


def spark_home() -> str:
    """The folder of pyspark, found without importing it."""
    given = os.environ.get("SPARK_HOME")
    if given:
        return given
    spec = importlib.util.find_spec("pyspark")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("there is no pyspark")
    return spec.submodule_search_locations[0]


def _place() -> dict[str, str]:
    """Settings that only the pod knows."""
    ip = os.environ.get("POD_IP")
    if not ip:
        return {}
    host = f"[{ip}]" if ":" in ip else ip
    api = os.environ["KUBERNETES_SERVICE_HOST"]
    api = f"[{api}]" if ":" in api else api
    return {
        "spark.master": f"k8s://https://{api}:{os.environ['KUBERNETES_SERVICE_PORT']}",
        "spark.driver.host": host,
        "spark.driver.bindAddress": host,
        "spark.connect.grpc.binding.address": ip,
        "spark.connect.grpc.binding.port": str(CONNECT_PORT),
        "spark.kubernetes.driver.pod.name": os.environ["POD_NAME"],
    }


def _plain(escaped: str) -> str:
    def char(match: re.Match[str]) -> str:
        code = match[1]
        if code[0] == "u" and len(code) == 5:
            return chr(int(code[1:], 16))
        return {"n": "\n", "r": "\r", "t": "\t", "f": "\f"}.get(code, code)

    text = re.sub(r"\\(u[0-9a-fA-F]{4}|.)", char, escaped)
    return text.encode("utf-16", "surrogatepass").decode("utf-16")
