"""A real PostgreSQL server of the tests' own: on loopback, in a folder that is removed, ended by its id.

    server = PostgresServer();  server.start();  url = server.new_database();  server.kill();  server.start();  server.remove()

A commit is not pushed to the disk here (fsync=off): it survives the death of the server, as the tests kill it, though not a power cut.
PostgreSQL refuses to be started by root, who becomes the system's user `postgres` for it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from itertools import count
from pathlib import Path

import pytest

from tests.processes import find_children, find_free_port
from tests.threads import eventually

SYSTEM_USER = "postgres"
USER, PASSWORD = "refinescope", "open-sesame/5?"  # with signs that a URL must quote
IS_ROOT = os.name == "posix" and os.getuid() == 0
START_S = 30
_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "listen_addresses": "127.0.0.1",
    "timezone": "UTC",
    "log_min_messages": "fatal",
}


@cache
def find_programs() -> Path | None:
    """The folder of `initdb` and `postgres`; None where PostgreSQL is not installed."""
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda folder: int(folder.parent.name) if folder.parent.name.isdigit() else 0,
    )
    on_path = [Path(found).resolve().parent for one in ("initdb", "postgres") if (found := shutil.which(one))]
    places = [*reversed(debian), *on_path]
    return next((one for one in places if (one / "initdb").exists() and (one / "postgres").exists()), None)


class PostgresServer:
    """A server with one superuser, USER. port: on 127.0.0.1; the same after a restart. folder: an empty one for all of it."""

    def __init__(self, folder: Path | None = None) -> None:
        programs = find_programs()
        if programs is None:
            raise RuntimeError("PostgreSQL is not installed; on Debian: apt-get install postgresql")
        self._programs = programs
        self.folder = folder or Path(tempfile.mkdtemp(prefix="refinescope-postgres-"))
        self._data = self.folder / "data"
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = count(1)
        self._migrated: str | None = None
        self.port = find_free_port()
        password = self.folder / "password"
        password.write_text(PASSWORD)
        if IS_ROOT:
            for one in (self.folder, password):
                shutil.chown(one, SYSTEM_USER)
        self._run(
            "initdb", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8", "--auth=scram-sha-256",
            f"--username={USER}", f"--pwfile={password}", f"--pgdata={self._data}",
        )  # fmt: skip

    def start(self) -> None:
        """Start it, also after it was stopped or killed; return once it takes connections."""
        options = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
        command = [str(self._programs / "postgres"), "-D", str(self._data), "-p", str(self.port), *options]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "-k", str(self.folder)], stdout=log, stderr=log, cwd=self.folder, **_become()
            )
        eventually(self._is_ready, within_s=START_S)

    def stop(self) -> None:
        """Shut it down: who is connected is thrown out, as when an administrator restarts it."""
        self._end(signal.SIGINT)

    def stop_at_once(self) -> None:
        """Shut it down without any tidying up: every connection breaks, and the next start has to recover."""
        self._end(signal.SIGQUIT)

    def kill(self) -> None:
        """Kill it, with every process that serves a connection: nothing is written any more."""
        for pid in find_children(self.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)  # none serves on, once the first is gone
        children = find_children(self.pid)
        self._end(signal.SIGKILL)
        for pid in children:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in children:
            eventually(lambda pid=pid: _has_ended(pid), within_s=START_S)

    def freeze(self) -> None:
        """Stop every process of it for now, so that it answers nobody."""
        for pid in [self.pid, *find_children(self.pid)]:
            os.kill(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """End what `freeze` began."""
        for pid in [*find_children(self.pid), self.pid]:
            os.kill(pid, signal.SIGCONT)

    def remove(self) -> None:
        """End it, and remove its folder."""
        if self._process is not None and self._process.poll() is None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def is_running(self) -> bool:
        """Whether its first process has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The id of its first process."""
        if self._process is None:
            raise RuntimeError("it was not started")
        return self._process.pid

    def url(self, database: str = "postgres", *, user: str = USER, password: str = PASSWORD) -> str:
        """The URL of a database on it."""
        from sqlalchemy import URL

        url = URL.create("postgresql", user, password, "127.0.0.1", self.port, database)
        return url.render_as_string(hide_password=False)

    def new_database(self, template: str = "template1") -> str:
        """The URL of a new database; a copy of `template`, to which nobody may be connected."""
        name = f"test_{next(self._numbers)}_{os.getpid()}"
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)

    def migrated(self) -> str:
        """The name of a database with empty tables of the newest version, to make others from."""
        if self._migrated is None:
            from refine_core.store import open_store

            url = self.new_database()
            open_store(database=url).close()
            self._migrated = url.rpartition("/")[2]
        return self._migrated

    def execute(self, *statements: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Execute statements, each by itself; the rows of the last one."""
        import psycopg

        rows: list[tuple[object, ...]] = []
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            for statement in statements:
                found = connection.execute(statement)
                rows = found.fetchall() if found.description else []
        return rows

    def _is_ready(self) -> bool:
        import psycopg

        if self._process is not None and self._process.poll() is not None:
            raise RuntimeError(f"PostgreSQL ended: {(self.folder / 'log').read_text()[-2000:]}")
        try:
            psycopg.connect(self.url(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _end(self, by: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(by)
            self._process.wait(START_S)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._programs / program), *arguments], capture_output=True, text=True, cwd=self.folder,
            check=False, **_become(),
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stdout[-1000:]}{done.stderr[-1000:]}")


def _become() -> dict[str, object]:
    """What starts a process as another user where we are root."""
    if not IS_ROOT:
        return {}
    import pwd

    user = pwd.getpwnam(SYSTEM_USER)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _has_ended(pid: int) -> bool:
    """Whether a process is gone, or only waits for somebody to read how it ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True
    return stat.rpartition(")")[2].split()[0] == "Z"


@contextmanager
def own_server(folder: Path | None = None) -> Iterator[PostgresServer]:
    """A server that is started, and removed in the end. Where PostgreSQL is not installed the test is skipped; in CI that fails."""
    if find_programs() is None:
        pytest.skip("PostgreSQL is not installed; on Debian: apt-get install postgresql")
    server = PostgresServer(folder)
    try:
        server.start()
        yield server
    finally:
        server.remove()
