"""Rewards that mean harm: each ends in time, this process goes on, and nothing is reached or left behind.

What only a confinement prevents is asserted where the worker reports that confinement: see refine_core/rewards/confine.py.
"""

import json
import os
import socket
import stat
import sys
import time
from pathlib import Path

import pytest

from refine_core.errors import RewardError
from refine_core.rewards import RewardRunner

HOSTILE = Path(__file__).parents[1] / "data" / "hostile"
KINDS = json.loads((HOSTILE / "kinds.json").read_text("utf-8"))
SECRET = "canary-7f3a91-do-not-read"
HARMLESS = "def reward(args, pred):\n    return 1.0\n"

pytestmark = pytest.mark.skipif(os.name != "posix", reason="these speak of POSIX processes")


def family(leader):
    """Ids of the processes that are our children, or belong to the worker's session or group (Linux)."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat") if sys.platform == "linux" else ():
        try:
            parent, group, session = map(int, path.read_text().rpartition(")")[2].split()[1:4])
        except OSError:
            continue
        if os.getpid() == parent or leader in {group, session}:
            found.add(int(path.parent.name))
    return found


def told_by(runner):
    """All that the reward could tell us: its output, or its error."""
    try:
        return runner.score({"question": "q"}, {"answer": "a"}).stdout
    except RewardError as error:
        return error.message + error.stdout


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        yield server


@pytest.mark.parametrize("name", sorted(KINDS))
def test_a_hostile_reward_ends_in_time_and_reaches_nothing(name, tmp_path, monkeypatch, listener):
    canary, home = tmp_path / "canary", tmp_path / "home"
    canary.mkdir()
    home.mkdir()
    token = home / ".secret_token"
    token.write_text(SECRET)
    token.chmod(0o600)
    monkeypatch.setenv("CANARY_API_KEY", SECRET)
    source = (HOSTILE / f"{name}.py").read_text("utf-8")
    source = source.replace("@CANARY@", str(canary)).replace("@HOME@", str(home))
    source = source.replace("47123", str(listener.getsockname()[1]))
    already = family(0)

    began = time.monotonic()
    with RewardRunner(source, timeout_s=0.7, load_timeout_s=0.7, memory_bytes=512 << 20) as runner:
        told = told_by(runner)
        leader, confinement = runner.pid or 0, runner.confinement
    assert time.monotonic() - began < 4

    with RewardRunner(HARMLESS) as fresh:
        assert fresh.score({}, {}).value == 1.0
    landlock = any(step.startswith("landlock") for step in confinement)
    if landlock or "seccomp" in confinement:
        assert list(canary.iterdir()) == []
        assert "PWNED" not in told
    if landlock:
        assert SECRET not in told
        assert "root:" not in told
    if "seccomp" in confinement:
        assert stat.S_IMODE(token.stat().st_mode) == 0o600
        assert family(leader) - already == set()
    if "seccomp" in confinement or "landlock-tcp" in confinement:
        with pytest.raises(TimeoutError):
            listener.accept()
    assert token.read_text() == SECRET
    assert SECRET not in told or name == "h44_read_user_secret"  # the environment is scrubbed everywhere


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's confinements are Linux's")
@pytest.mark.parametrize(
    ("step", "lines", "refused"),
    [
        ("landlock", "open('/etc/hostname')", "PermissionError"),
        ("landlock", "open('/tmp/pwned-by-a-reward', 'w')", "PermissionError"),
        ("landlock", "os.unlink(args['victim'])", "PermissionError"),
        ("seccomp", "os.fork()", "PermissionError"),
        ("seccomp", "os.execv('/bin/true', ['true'])", "PermissionError"),
        ("seccomp", "os.kill(os.getppid(), 9)", "PermissionError"),
        ("seccomp", "os.utime(args['victim'])", "PermissionError"),
        ("seccomp", "import socket; socket.socket()", "PermissionError"),
        (
            "seccomp",
            "__import__('ctypes').CDLL(None).prctl(1, 0, 0, 0, 0) == 0 or 1 / 0",
            "ZeroDivisionError",
        ),
        ("no-capabilities", "os.chroot('/tmp')", "PermissionError"),
        ("limit-as", "import resource as r; r.setrlimit(r.RLIMIT_AS, (-1, -1))", "ValueError"),
    ],
)
def test_each_confinement_refuses_what_it_is_for(step, lines, refused, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("here")
    with RewardRunner(f"import os\ndef reward(args, pred):\n    {lines}\n    return 1.0\n") as runner:
        try:
            runner.score({"victim": str(victim)}, {})
            told = "nothing"
        except RewardError as error:
            told = error.type_name
        if not any(reached.startswith(step) for reached in runner.confinement):
            pytest.skip(f"this system has no {step}: {runner.confinement}")
    assert told == refused
    assert victim.read_text() == "here"


def test_the_confinement_is_reported_once_the_source_is_loaded():
    with RewardRunner(HARMLESS) as runner:
        assert runner.confinement == ()
        runner.score({}, {})
        assert "limit-core" in runner.confinement
