"""However a reward's process is ended, the error says by whom and why: for our own limits never that it was somebody else."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from refine_core.concurrency.cancellation import Cancel
from refine_core.errors import RewardError, RunCancelled
from refine_core.rewards import RewardRunner
from tests.sandbox import score_begins
from tests.threads import finish
from tests.unit.test_reward_frames import FORGER

pytestmark = [
    pytest.mark.fault(63),
    pytest.mark.skipif(sys.platform != "linux", reason="the limits are the kernel's"),
]
OUTSIDE = ("SIGKILL", "not by Refinescope", "by hand")
SLEEP = "    time.sleep(60)"
DEAF = """    while True:
        try:
            time.sleep(60)
        except BaseException:
            pass"""
MEMORY = "    return len(bytearray(4 << 30))"
FOLDER = """    for n in range(100):
        open(f"file {n}", "wb").write(bytes(15 << 20))
    time.sleep(60)"""
DELETED = """    files = []
    for n in range(100):
        files.append(open(f"file {n}", "wb"))
        os.unlink(f"file {n}")
        files[-1].write(bytes(15 << 20))
        files[-1].flush()
    time.sleep(60)"""
THREADS = """    import threading
    threading.stack_size(1 << 16)
    for n in range(2000):
        threading.Thread(target=time.sleep, args=(60,)).start()
    time.sleep(60)"""


def reward(body: str) -> str:
    return f"import os, signal, time\ndef reward(args, pred):\n{body}\n"


def error_of(source: str, args: dict[str, object] | None = None, **limits: float) -> RewardError:
    with RewardRunner(source, **{"timeout_s": 20.0, **limits}) as runner:
        with pytest.raises(RewardError) as caught:
            runner.score(args or {}, {})
        return caught.value


@pytest.mark.parametrize(
    ("source", "limits", "words"),
    [
        (reward(SLEEP), {"timeout_s": 0.3}, "took longer than 0.3 s"),
        (reward(DEAF), {"timeout_s": 0.3}, "took longer than 0.3 s"),
        ("import time\ntime.sleep(60)\n" + reward(SLEEP), {"load_timeout_s": 0.3}, "took longer than 0.3 s"),
        (reward(MEMORY), {"memory_bytes": 1 << 28}, "more than the 256 MiB of memory"),
        (reward(FOLDER), {}, "into its folder"),
        (reward(DELETED), {}, "in deleted files into its folder"),
        (reward(THREADS), {}, "started more than 256 threads"),
        (FORGER, {"args": {"body": "x", "header": 1 << 30}}, "wrote into the worker's own channel"),
        (FORGER, {"args": {"body": "x"}}, "wrote into the worker's own channel"),
    ],
    ids=[
        "time",
        "time, deaf",
        "load",
        "memory",
        "folder",
        "deleted files",
        "threads",
        "long frame",
        "no frame",
    ],
)
def test_a_limit_of_ours_is_named_and_nobody_else_is_blamed(source, limits, words):
    limits = dict(limits)
    message = error_of(source, limits.pop("args", None), **limits).message
    assert words in message
    assert [one for one in OUTSIDE if one in message] == []


def test_a_cancelled_score_is_cancelled_and_no_failure():
    cancel = Cancel()
    ends = []

    def score(runner):
        try:
            runner.score({}, {}, cancel)
        except (RewardError, RunCancelled) as error:
            ends.append(type(error))

    with RewardRunner(reward(SLEEP)) as runner:
        scoring = threading.Thread(target=score, args=(runner,))
        scoring.start()
        score_begins(runner)
        cancel.set()
        finish(scoring)
    assert ends == [RunCancelled]


def test_the_end_of_the_program_is_named_as_what_ended_the_score():
    """What is registered first is called last, so the message is there before the program has ended."""
    program = f"""
import atexit, threading, time
told = []
atexit.register(lambda: print(*told))
atexit.register(lambda: scoring.join(20))
from refine_core.errors import RewardError
from refine_core.rewards import RewardRunner
runner = RewardRunner({reward(SLEEP)!r})
def score():
    try:
        runner.score({{}}, {{}})
    except RewardError as error:
        told.append(error.message)
scoring = threading.Thread(target=score, daemon=True)
scoring.start()
while runner._loaded is None or runner._loaded.reply.done():
    time.sleep(0.005)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "the reward runner was closed while it ran; its process was killed"


def test_a_kill_from_outside_is_told_from_ours():
    told = []

    def score(runner):
        with pytest.raises(RewardError) as caught:
            runner.score({}, {})
        told.append(caught.value.message)

    with RewardRunner(reward(SLEEP)) as runner:
        scoring = threading.Thread(target=score, args=(runner,))
        scoring.start()
        score_begins(runner)
        os.kill(runner.pid, signal.SIGKILL)
        finish(scoring)
    assert told == [
        "the reward's process was ended by SIGKILL, and not by Refinescope: the system does so when memory runs out"
    ]
