"""How the driver program reads the settings that are written for it, and what Java is started with."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from engine.spark.configuration import properties

FOLDER = Path(__file__).parents[2] / "docker" / "spark"


@pytest.fixture(scope="module")
def machine() -> ModuleType:
    spec = importlib.util.spec_from_file_location("machine", FOLDER / "machine.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_settings_are_read_as_they_were_written(machine: ModuleType) -> None:
    settings = {
        "spark.driver.memory": "512m",
        "spark.driver.extraJavaOptions": "-Da=b -Dc='d e'",
        "a key = with: all#of!it\\": " leading space, back\\slash, \u00e9 \U0001f600 \n\t=:#!",
        "empty": "",
    }
    assert machine.read_properties(properties(settings)) == settings


def test_java_gets_jars_in_order_and_no_folder(
    machine: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("home/jars/b.jar", "home/jars/a.jar", "more/z.jar", "more/kadali-spark.jar", "more/notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.setenv("SPARK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KADALI_CLASS_ARCHIVE", "classes.jsa")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    settings = {"spark.driver.extraClassPath": f"{tmp_path}/more/*", "spark.driver.extraJavaOptions": "-Dx='y z'"}
    command = machine._java(settings, ["-XX:+Last"])
    assert command[:3] == ["java", "-cp", ":".join(f"{tmp_path}/{name}" for name in _JARS)]
    assert {"-Xms256m", "-Xmx1g"} < set(command) and "-XX:SharedArchiveFile=classes.jsa" in command
    assert command[-2:] == ["-Dx=y z", "-XX:+Last"]


def test_a_small_heap_begins_smaller(machine: ModuleType) -> None:
    assert machine._heap("200m") == ["-Xms200m", "-Xmx200m"]


_JARS = ("more/z.jar", "home/jars/a.jar", "home/jars/b.jar", "more/kadali-spark.jar")
