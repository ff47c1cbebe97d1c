"""docs/team.md: its commands, one after the other, take somebody from nothing to an experiment on Dask with its history in PostgreSQL."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from tests.postgres import PASSWORD, find_programs
from tests.threads import eventually

PAGE = (Path(__file__).parents[1] / "docs" / "team.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("## From nothing to an experiment")[2].partition("\n## ")[0]
BLOCKS = re.findall(r"```sh\n(.*?)```", SECTION, re.DOTALL)
PROMPTED = "the-password-of-scope"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def takes_connections(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def is_up(port: int) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2):
        return True
    return False


@pytest.fixture
def shell(postgres_server, tmp_path):
    """Runs commands of the page in an empty folder that is HOME, too, on free ports: (text, waits) -> process."""
    ports = {"5432": postgres_server.port, "8786": free_port(), "8501": free_port()}
    admin = make_url(postgres_server.url())
    programs = find_programs()
    environment = {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), str(programs), "/usr/bin", "/bin"]),
        "HOME": str(tmp_path),
        "PGHOST": str(admin.host), "PGPORT": str(admin.port), "PGUSER": str(admin.username), "PGPASSWORD": PASSWORD,
    }  # fmt: skip
    started = []

    def start(text: str) -> subprocess.Popen[str]:
        for port, here in ports.items():
            text = text.replace(port, str(here))
        script = tmp_path / f"{len(started)}.sh"
        script.write_text(f"set -e\n{text}", encoding="utf-8")
        out = (tmp_path / f"{len(started)}.out").open("w+")
        process = subprocess.Popen(
            ["/bin/sh", script], cwd=tmp_path, env=environment, stdin=subprocess.PIPE, stdout=out,
            stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip
        started.append((process, out))
        return process

    def run(text: str, typed: str = "") -> str:
        process = start(text)
        process.communicate(typed, timeout=120)
        out = started[-1][1]
        out.seek(0)
        printed = out.read()
        assert process.returncode == 0, printed
        return printed

    yield start, run, ports
    for process, out in reversed(started):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, 15)
        process.communicate(timeout=60)
        out.close()
    for statement in ("DROP DATABASE IF EXISTS scope WITH (FORCE)", "DROP USER IF EXISTS scope"):
        postgres_server.execute(statement)


def test_the_commands_of_the_page_lead_to_an_experiment(shell):
    """All but the installing one, which CI has done."""
    start, run, ports = shell
    install, database, scheduler, worker, experiment, app, copy = BLOCKS
    assert install.startswith("pip install")
    run("refinescope run --example one_word")  # a history from before
    run(database, f"{PROMPTED}\n{PROMPTED}\n")
    start(scheduler)
    eventually(lambda: takes_connections(ports["8786"]), within_s=60)
    start(worker)
    settings = "".join(line for line in experiment.splitlines(keepends=True) if line.startswith("export"))
    printed = run(experiment.replace("customer_messages", "customer_messages --rows 6"))  # of its 60
    assert "customer" in printed.lower()
    serving = start(f"{settings}exec {app}")
    eventually(lambda: is_up(ports["8501"]), within_s=60)
    greeting = (Path(serving.args[1]).with_suffix(".out")).read_text(encoding="utf-8")
    for line in (
        "History:      postgresql://scope@127.0.0.1:5432/scope",
        "Runs work on: Dask at tcp://127.0.0.1:8786",
    ):
        assert line in SECTION
        for port, here in ports.items():
            line = line.replace(port, str(here))  # noqa: PLW2901
        assert line in greeting
    assert PROMPTED not in greeting
    copied = run(f"{settings}{copy}")
    assert "Every run has the same events in both. New in TO: 1 run." in copied
