"""EmbeddedPostgres against the real binaries: users, left-overs, kills, odd directories."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from catalog.postgres import EmbeddedPostgres, EmbeddedPostgresError, find_binaries, folder, identity, leftovers

ROOT = Path(__file__).parents[2]
as_root = pytest.mark.as_root


def wait_until(condition: Callable[[], bool], what: str, deadline_s: float = 20.0) -> None:
    end = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.01)


def ask(server: EmbeddedPostgres, sql: str) -> object:
    with psycopg.connect(server.conninfo(), autocommit=True) as connection:
        row = connection.execute(sql.encode()).fetchone()
        assert row is not None
        return row[0]


def run_until_lost(connection: psycopg.Connection, sql: str) -> threading.Thread:
    """Run a long statement in a thread that ends when the statement fails."""

    def run() -> None:
        with pytest.raises(psycopg.Error):
            connection.execute(sql.encode())

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def uid_outside(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


def test_settings_of_a_durable_and_of_a_disposable_server(private_dir: Path) -> None:
    with EmbeddedPostgres(private_dir / "a", durable=True) as durable:
        assert ask(durable, "SHOW fsync") == "on"
        assert ask(durable, "SHOW server_encoding") == "UTF8"
        assert ask(durable, "SHOW listen_addresses") == ""
        assert ask(durable, "SELECT datcollate FROM pg_database WHERE datname = 'template1'") == "C.UTF-8"
        assert ask(durable, "SELECT upper('äß')") == "Äß"
    with EmbeddedPostgres(private_dir / "b", durable=False, options={"work_mem": "1234kB"}) as disposable:
        assert ask(disposable, "SHOW fsync") == "off"
        assert ask(disposable, "SHOW work_mem") == "1234kB"


def test_data_survive_a_restart_and_start_and_stop_may_be_repeated(private_dir: Path) -> None:
    server = EmbeddedPostgres(private_dir / "a", durable=True)
    server.start()
    first = server.pid
    assert server.start().pid == first
    with psycopg.connect(server.conninfo(), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (a int)")
    server.stop()
    server.stop()
    assert not server.running
    with pytest.raises(EmbeddedPostgresError, match="is not running"):
        server.conninfo()
    with server:
        assert ask(server, "SELECT count(*) FROM kept") == 0


def test_stop_ends_open_sessions(private_dir: Path) -> None:
    with EmbeddedPostgres(private_dir / "a", durable=False) as server:
        connection = psycopg.connect(server.conninfo(), autocommit=True)
        server.stop()
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")


@as_root
def test_root_drops_to_a_uid_that_can_reach_everything(open_dir: Path) -> None:
    with EmbeddedPostgres(open_dir / "a", durable=False) as server:
        assert server.pid is not None
        assert uid_outside(server.pid) == identity.NOBODY
        assert (server.cluster.stat().st_uid, server.cluster.stat().st_mode & 0o777) == (identity.NOBODY, 0o700)
        assert (server.data_dir.stat().st_uid, server.data_dir.stat().st_mode & 0o777) == (0, 0o711)
        assert ask(server, "SELECT current_user") == "kadali"
    assert open_dir.stat().st_uid == 0
    assert open_dir.stat().st_mode & 0o777 == 0o755


@as_root
def test_root_below_a_private_directory_enters_a_namespace(private_dir: Path) -> None:
    with EmbeddedPostgres(private_dir / "a", durable=False) as server:
        assert server.pid is not None
        assert uid_outside(server.pid) == 0
        assert Path(f"/proc/{server.pid}/uid_map").read_text().split() == [str(identity.NOBODY), "0", "1"]
        assert server.cluster.stat().st_uid == 0


@as_root
def test_the_owner_of_an_existing_cluster_decides(private_dir: Path) -> None:
    with EmbeddedPostgres(private_dir / "a", durable=False):
        pass
    private_dir.chmod(0o755)
    with EmbeddedPostgres(private_dir / "a", durable=False) as server:
        assert server.pid is not None
        assert uid_outside(server.pid) == 0


@as_root
def test_without_namespaces_the_error_says_what_to_do(private_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mapping that the kernel refuses stands for a machine that allows none."""
    server = EmbeddedPostgres(private_dir / "a", durable=False)
    with monkeypatch.context() as patch:
        patch.setattr(identity, "_uid_with_passwd_entry", lambda: -5)
        with pytest.raises(EmbeddedPostgresError, match="user namespaces are not allowed") as caught:
            server.start()
    assert "ordinary user" in (caught.value.hint or "")
    with server:
        assert server.running


UNPRIVILEGED = """
    from pathlib import Path
    import os, sys
    from catalog.postgres import EmbeddedPostgres
    with EmbeddedPostgres(Path(sys.argv[1]) / "a", durable=True) as server:
        print(os.geteuid(), Path(f"/proc/{server.pid}").stat().st_uid, server._run_as.mode)
"""


@as_root
@pytest.mark.parametrize(("uid", "mode"), [(identity.NOBODY, "direct"), (54321, f"namespace:{identity.NOBODY}")])
def test_an_unprivileged_user_runs_it_as_itself(private_dir: Path, uid: int, mode: str) -> None:
    """A uid without passwd entry needs a namespace for initdb. The interpreter is made reachable by a bind mount."""
    os.chown(private_dir, uid, uid)
    python = Path(sys.base_prefix)
    shell = f"""
        mount --bind {python} /mnt
        exec setpriv --reuid {uid} --regid {uid} --clear-groups \
            /mnt/bin/{Path(sys.executable).resolve().name} -c "$1" "$2"
    """
    site = Path(psycopg.__file__).parents[1]
    done = subprocess.run(
        ["unshare", "-m", "sh", "-ec", shell, "sh", textwrap.dedent(UNPRIVILEGED), str(private_dir)],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT}:{site}", "PYTHONHOME": "/mnt"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.split() == [str(uid), str(uid), mode], done.stderr


def test_a_long_path_gets_a_socket_folder_in_the_temporary_directory(private_dir: Path) -> None:
    server = EmbeddedPostgres(private_dir / ("x" * 60) / ("y" * 60), durable=False)
    with server:
        assert server._socket_dir is not None
        folder = server._socket_dir
        assert folder.stat().st_mode & 0o777 == 0o700
        assert ask(server, "SELECT 1") == 1
    assert not folder.exists()


def test_a_path_too_long_even_there_fails_loudly(private_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = private_dir / ("t" * 100)
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    with pytest.raises(EmbeddedPostgresError, match=f"longer than {folder.SOCKET_PATH_MAX} bytes"):
        EmbeddedPostgres(private_dir / ("x" * 100), durable=False).start()
    assert list(temporary.iterdir()) == []


def test_a_directory_with_foreign_content_is_not_touched(private_dir: Path) -> None:
    (private_dir / "thesis.txt").write_text("mine")
    with pytest.raises(EmbeddedPostgresError, match=r"thesis\.txt"):
        EmbeddedPostgres(private_dir, durable=False).start()
    assert [entry.name for entry in private_dir.iterdir()] == ["thesis.txt"]


def test_a_second_process_over_the_same_directory_is_refused(private_dir: Path) -> None:
    with EmbeddedPostgres(private_dir / "a", durable=True) as server:
        with pytest.raises(EmbeddedPostgresError, match="in use by another process"):
            EmbeddedPostgres(private_dir / "a", durable=True).start()
        assert ask(server, "SELECT 1") == 1


@pytest.mark.parametrize("durable", [True, False])
def test_half_initialised_directories_recover(private_dir: Path, durable: bool) -> None:
    half = private_dir / "a" / "cluster.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("16\n")
    with EmbeddedPostgres(private_dir / "a", durable=durable) as server:
        assert ask(server, "SELECT 1") == 1
    assert not half.exists()


def test_a_broken_cluster_is_wiped_only_if_it_is_disposable(private_dir: Path) -> None:
    for durable in (True, False):
        broken = private_dir / str(durable) / "cluster"
        broken.mkdir(parents=True)
        (broken / "PG_VERSION").write_text("16\n")
        (broken.parent / "boot").write_text(Path("/proc/sys/kernel/random/boot_id").read_text())
    with pytest.raises(EmbeddedPostgresError, match="not a whole PostgreSQL cluster"):
        EmbeddedPostgres(private_dir / "True", durable=True).start()
    assert (private_dir / "True" / "cluster" / "PG_VERSION").exists()
    with EmbeddedPostgres(private_dir / "False", durable=False) as server:
        assert ask(server, "SELECT 1") == 1
        server.wipe()
        assert not server.cluster.exists()
    with pytest.raises(EmbeddedPostgresError, match="refusing to delete"):
        EmbeddedPostgres(private_dir / "True", durable=True).wipe()


def test_a_reboot_ends_a_disposable_cluster_and_not_a_durable_one(private_dir: Path) -> None:
    for durable in (True, False):
        server = EmbeddedPostgres(private_dir / str(durable), durable=durable)
        with server, psycopg.connect(server.conninfo(), autocommit=True) as connection:
            connection.execute("CREATE TABLE kept (a int)")
        (server.data_dir / "boot").write_text("another boot")
        with server:
            assert ask(server, "SELECT to_regclass('kept')::text") == ("kept" if durable else None)
        with server:
            assert ask(server, "SELECT 1") == 1


def test_a_stale_pid_file_that_names_a_live_process_does_no_harm(private_dir: Path) -> None:
    with EmbeddedPostgres(private_dir / "a", durable=True) as server:
        pid_file = server.cluster / "postmaster.pid"
        lines = pid_file.read_text().splitlines()
    with subprocess.Popen(["sleep", "60"]) as bystander:
        pid_file.write_text("\n".join([str(bystander.pid), *lines[1:]]) + "\n")
        with server:
            assert ask(server, "SELECT 1") == 1
        assert bystander.poll() is None
        bystander.kill()


HOLDER = """
    import sys, signal
    from pathlib import Path
    from catalog.postgres import EmbeddedPostgres
    server = EmbeddedPostgres(Path(sys.argv[1]), durable=sys.argv[2] == "True").start()
    print(server.pid, flush=True)
    signal.pause()
"""


def hold(folder: Path, durable: bool) -> tuple[subprocess.Popen[str], int]:
    holder = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(HOLDER), str(folder), str(durable)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert holder.stdout is not None
    return holder, int(holder.stdout.readline())


@pytest.mark.parametrize("durable", [True, False])
@pytest.mark.parametrize("reachable", [True, False])
def test_no_server_outlives_a_killed_process(private_dir: Path, durable: bool, reachable: bool) -> None:
    if reachable:
        private_dir.chmod(0o755)
    holder, pid = hold(private_dir / "a", durable)
    assert leftovers.postmaster_of(private_dir / "a" / "cluster") == pid
    holder.kill()
    holder.communicate()
    wait_until(lambda: not leftovers.server_processes(private_dir / "a" / "cluster"), "the server outlives us")
    with EmbeddedPostgres(private_dir / "a", durable=durable) as server:
        assert ask(server, "SELECT 1") == 1


def test_a_left_over_server_is_ended_and_replaced(private_dir: Path) -> None:
    """A postmaster that ignored its parent's death: started here by hand, with a session at work."""
    with EmbeddedPostgres(private_dir / "a", durable=True) as server:
        command = [*server._command(str(find_binaries().postgres)), "-D", str(server.cluster)]
        command += ["-c", "listen_addresses=", "-c", f"unix_socket_directories={server._socket_dir}"]
        conninfo = server.conninfo()
    (server.data_dir / "socket").mkdir(exist_ok=True)
    left = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    wait_until(lambda: leftovers.postmaster_of(server.cluster) == left.pid, "not started")
    told = lambda: leftovers.read_pid_file(server.cluster)  # noqa: E731
    wait_until(lambda: (t := told()) is not None and t.status == "ready", "not ready")
    busy = psycopg.connect(conninfo, autocommit=True)
    worker = run_until_lost(busy, "SELECT pg_sleep(100)")
    with server:
        assert server.pid != left.pid
        assert left.wait(10) is not None
        assert ask(server, "SELECT 1") == 1
    worker.join(10)
    assert not worker.is_alive()


def test_a_killed_postmaster_is_restarted_even_with_a_busy_backend(private_dir: Path) -> None:
    with EmbeddedPostgres(private_dir / "a", durable=True) as server:
        with psycopg.connect(server.conninfo(), autocommit=True) as connection:
            connection.execute("CREATE TABLE kept (a int)")
        busy = psycopg.connect(server.conninfo(), autocommit=True)
        worker = run_until_lost(busy, "SELECT count(*) FROM generate_series(1, 1000000000)")
        first = server.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: server.pid != first and server.running, "not restarted")
        assert ask(server, "SELECT count(*) FROM kept") == 0
        worker.join(20)
        assert not worker.is_alive()


def test_a_killed_backend_does_not_change_the_postmaster(private_dir: Path) -> None:
    with EmbeddedPostgres(private_dir / "a", durable=False) as server:
        first = server.pid
        with psycopg.connect(server.conninfo(), autocommit=True) as connection:
            os.kill(connection.info.backend_pid, signal.SIGKILL)
            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT 1")

        def answers() -> bool:
            try:
                return ask(server, "SELECT 1") == 1
            except psycopg.OperationalError:
                return False

        wait_until(answers, "no answer after the crash of a backend")
        assert server.pid == first


def test_a_thread_that_started_a_server_may_end(private_dir: Path) -> None:
    """The parent-death signal follows the forking thread: it must not be the caller's."""
    server = EmbeddedPostgres(private_dir / "a", durable=False)
    starter = threading.Thread(target=server.start)
    starter.start()
    starter.join()
    try:
        assert ask(server, "SELECT 1") == 1
        assert ask(server, "SELECT 2") == 2
    finally:
        server.stop()


def test_a_bad_setting_is_reported_with_postgresqls_words(private_dir: Path) -> None:
    server = EmbeddedPostgres(private_dir / "a", durable=False, options={"work_mem": "lots"})
    with pytest.raises(EmbeddedPostgresError) as caught:
        server.start()
    assert "work_mem" in (caught.value.detail or "")
