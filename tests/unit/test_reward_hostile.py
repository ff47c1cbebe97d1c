"""Rewards that mean harm: each ends in time, this process goes on, and nothing is reached or left behind.

Each is run as root and as an ordinary user, with the kernel's Landlock and with that of an older kernel.
What only a confinement prevents is asserted where the worker reports that confinement: see refine_core/rewards/sandbox.py.
"""

import json
import os
import sys
from functools import cache
from pathlib import Path

import pytest

from refine_core.errors import RewardError
from refine_core.rewards import RewardRunner
from tests.sandbox import SECRET, USERS, run_python

HOSTILE = Path(__file__).parents[1] / "data" / "hostile"
KINDS = json.loads((HOSTILE / "kinds.json").read_text("utf-8"))
HARMLESS = "def reward(args, pred):\n    return 1.0\n"
SETTINGS = [(user, abi) for user in USERS for abi in (None, 4)]

pytestmark = pytest.mark.skipif(os.name != "posix", reason="these speak of POSIX processes")
settings = pytest.mark.parametrize(("user", "abi"), SETTINGS)


@cache
def outcomes(user, abi):
    """Name -> what came of it, all of them run at once."""
    return json.loads(run_python("-m", "tests.hostile_run", *([] if abi is None else [str(abi)]), user=user))


@settings
@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=[pytest.mark.fault(int(n[1:3]))] if int(n[1:3]) >= 54 else []) for n in sorted(KINDS)],
)  # fmt: skip
def test_a_hostile_reward_ends_in_time_and_reaches_nothing(name, user, abi):
    found = outcomes(user, abi)[name]
    told, confinement = found["told"], found["confinement"]
    assert found["took_s"] < 4
    assert found["harmless"] == 1.0
    assert found["token"] == SECRET
    assert SECRET not in told or name.startswith(("h44", "h56"))  # the environment is scrubbed everywhere
    landlock = any(step.startswith("landlock") for step in confinement)
    if landlock and "seccomp" in confinement:
        assert "PWNED" not in told
    if landlock or "seccomp" in confinement:
        assert found["left"] == []
    if landlock:
        assert SECRET not in told
        assert "root:" not in told
    if "seccomp" in confinement:
        assert found["mode"] == 0o600
    if "seccomp" in confinement or "landlock-tcp" in confinement:
        assert found["reached"] == []


@pytest.mark.fault(59)
@settings
def test_hostile_rewards_leave_their_runner_as_it_was_and_no_process(user, abi):
    """Neither its priority nor its processors are changed, and nothing of theirs goes on."""
    assert outcomes(user, abi)[""] == {"changed": [], "left": []}


@pytest.mark.fault(57)
@pytest.mark.skipif(sys.platform != "linux", reason="Landlock is Linux's")
@pytest.mark.parametrize("abi", [0, 1, 2, 3, 4, 5, 6])
def test_the_landlock_of_an_older_kernel_can_be_asked_for(abi):
    with RewardRunner(HARMLESS, landlock_abi=abi) as runner:
        assert runner.score({}, {}).value == 1.0
        reached = [step for step in runner.confinement if step.startswith("landlock-") and "tcp" not in step]
    newest = int(
        next((step.removeprefix("landlock-") for step in unconfined_reach() if step[-1].isdigit()), "0")
    )
    assert reached == [f"landlock-{min(abi, newest)}"] * bool(min(abi, newest))


def unconfined_reach():
    """The steps that this system's worker reaches when nothing is capped."""
    with RewardRunner(HARMLESS) as runner:
        runner.score({}, {})
        return [step for step in runner.confinement if step.startswith("landlock")]


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
