"""Every hostile reward once, many at a time: `python -m tests.hostile_run [landlock ABI]` prints what came of each, as JSON.

Run from an empty folder, which becomes the working directory that no reward may read; as root or as anybody else.
"""

import ctypes
import json
import os
import socket
import stat
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
HOSTILE = ROOT / "tests" / "data" / "hostile"
SECRET = "canary-7f3a91-do-not-read"
HARMLESS = "def reward(args, pred):\n    return 1.0\n"
_IOPRIO_GET = {"x86_64": 252, "aarch64": 31}


def run_all(landlock_abi=None):
    """Name -> what came of it, and "" -> what is left of this process."""
    work = Path.cwd()
    data = work.parent / f"{work.name}-data"
    for folder in (work, data, work / ".streamlit"):
        folder.mkdir(exist_ok=True)
    for path in (
        work / ".env",
        work / ".streamlit" / "secrets.toml",
        data / "store.db",
        data / ".env",
        work / "secret_module.py",
    ):
        path.write_text(f"# {SECRET}\n")
    os.environ |= {"REFINESCOPE_HOME": str(data), "CANARY_API_KEY": SECRET}
    import refine_core.rewards.runner  # noqa: F401  # so that the threads below need not import

    before = condition()
    names = sorted(json.loads((HOSTILE / "kinds.json").read_text("utf-8")))
    with ThreadPoolExecutor(8) as pool:
        found = dict(
            zip(names, pool.map(lambda name: run_one(name, work, data, landlock_abi), names), strict=True)
        )
    leaders = {each["pid"] for each in found.values()}
    found[""] = {
        "changed": [key for key, value in condition().items() if before[key] != value],
        "left": left(leaders),
    }
    return found


def run_one(name, work, data, landlock_abi):
    """What one hostile reward said and did."""
    from refine_core.errors import RewardError
    from refine_core.rewards import RewardRunner

    canary, home = work / f"{name}-canary", work / f"{name}-home"
    canary.mkdir()
    home.mkdir()
    token = home / ".secret_token"
    token.write_text(SECRET)
    token.chmod(0o600)
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagrams,
    ):
        port = str(listener.getsockname()[1])
        datagrams.bind(f"\0refinescope-datagrams-{port}")
        source = (HOSTILE / f"{name}.py").read_text("utf-8").replace("47123", port)
        for mark, place in (
            ("CANARY", canary),
            ("HOME", home),
            ("CHECKOUT", ROOT),
            ("WORK", work),
            ("DATA", data),
            ("PORT", port),
        ):
            source = source.replace(f"@{mark}@", str(place))
        began = time.monotonic()
        with RewardRunner(
            source, timeout_s=0.7, load_timeout_s=0.7, memory_bytes=512 << 20, landlock_abi=landlock_abi
        ) as runner:
            try:
                told = runner.score({"question": "q"}, {"answer": "a"}).stdout
                kind = "Scored"
            except RewardError as error:
                told, kind = error.message + error.stdout, error.type_name
            pid, confinement = runner.pid or 0, runner.confinement
        took_s = time.monotonic() - began
        with RewardRunner(HARMLESS, landlock_abi=landlock_abi) as fresh:
            harmless = fresh.score({}, {}).value
        reached = []
        for server, receive in ((listener, listener.accept), (datagrams, lambda: datagrams.recv(9))):
            server.setblocking(False)
            try:
                reached.append(str(receive()))
            except BlockingIOError:
                continue
    return {
        "told": told, "kind": kind, "took_s": took_s, "pid": pid, "confinement": confinement, "harmless": harmless,
        "reached": reached, "left": [path.name for path in canary.iterdir()], "token": token.read_text(),
        "mode": stat.S_IMODE(token.stat().st_mode),
    }  # fmt: skip


def condition():
    """What a reward could lower of this process."""
    if sys.platform != "linux":
        return {}
    libc, number = ctypes.CDLL(None), _IOPRIO_GET.get(os.uname().machine)
    return {
        "priority": os.getpriority(os.PRIO_PROCESS, 0),
        "affinity": sorted(os.sched_getaffinity(0)),
        "scheduler": (os.sched_getscheduler(0), os.sched_getparam(0).sched_priority),
        "io priority": libc.syscall(number, 1, 0) if number else 0,
        "oom": Path("/proc/self/oom_score_adj").read_text(),
        "group": os.getpgid(0),
    }


def left(leaders):
    """Ids of the processes that are our children, or belong to a worker's session or group (Linux)."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat") if sys.platform == "linux" else ():
        try:
            parent, group, session = map(int, path.read_text().rpartition(")")[2].split()[1:4])
        except OSError:
            continue
        if os.getpid() == parent or {group, session} & (leaders - {0}):
            found.append(int(path.parent.name))
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run_all(*map(int, sys.argv[1:]))))
