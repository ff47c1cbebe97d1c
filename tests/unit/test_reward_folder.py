"""A worker's folder: bounded while the reward runs, emptied after it, and removed whatever lies in it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from refine_core.errors import RewardError
from refine_core.rewards import RewardRunner
from refine_core.rewards.folder import PREFIX, STALE_S, describe_excess, empty_folder, sweep, sweeper
from tests.hostile_folder import nest
from tests.sandbox import run_python
from tests.threads import eventually

pytestmark = pytest.mark.skipif(os.name != "posix", reason="folders by descriptor are POSIX's")
linux = pytest.mark.skipif(sys.platform != "linux", reason="the worker is watched through /proc")


def stale_folder(place, depth=0):
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait(30)
    folder = place / f"{PREFIX}{child.pid}-old"
    (folder / "cwd").mkdir(parents=True)
    nest(folder / "cwd", depth)
    os.utime(folder, (time.time() - STALE_S - 60,) * 2)
    return folder


@pytest.mark.fault(54)
def test_a_folder_is_removed_whatever_lies_in_it():
    """No depth, permission or name withstands, and links are not followed."""
    done = run_python("-m", "tests.hostile_folder")
    assert done == "(True, 'here', 488)\n"


@pytest.mark.fault(54)
def test_deep_folders_that_a_dead_process_left_stop_no_start(tmp_path, monkeypatch):
    """Cleaning happens beside the start, and never raises."""
    old = stale_folder(tmp_path, 3_000)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with RewardRunner("def reward(args, pred):\n    return 1.0\n") as runner:
        assert runner.score({}, {}).value == 1.0
    sweeper.start(tmp_path).result(100)
    assert not old.exists()


@pytest.mark.fault(54)
@pytest.mark.parametrize(
    "name",
    [
        "-",
        "x",
        "99999999999999999999-x",
        "\u00b2-x",
        "-1-x",
        "0-x",
        "1" * 200,
        "4194304 -x",
        "\u0661-x",
        "\udcff-x",
    ],
)
def test_a_strange_name_beside_ours_stops_no_cleaning(tmp_path, name):
    """Anybody may make a folder in a shared place."""
    odd = tmp_path / f"{PREFIX}{name}"
    odd.mkdir()
    os.utime(odd, (0, 0))
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("here")
    (tmp_path / f"{PREFIX}1-link").symlink_to(outside)
    ours = stale_folder(tmp_path)
    sweep(tmp_path)
    assert not ours.exists()
    assert (outside / "kept").exists()


def test_what_a_killed_process_left_behind_is_removed_after_a_day(tmp_path):
    """Nothing younger goes, nor anything of a process that lives."""
    old = stale_folder(tmp_path)
    young = old.with_name(old.name.replace("old", "young"))
    living = tmp_path / f"{PREFIX}{os.getpid()}-living"
    for folder in (young, living):
        (folder / "cwd").mkdir(parents=True)
    os.utime(living, (time.time() - STALE_S - 60,) * 2)
    sweep(tmp_path)
    assert [folder.exists() for folder in (old, young, living)] == [False, True, True]


def test_emptying_leaves_the_folder_itself(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert empty_folder(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert not empty_folder(tmp_path / "missing")


@pytest.mark.fault(58)
@pytest.mark.parametrize(
    ("fill", "excess"),
    [
        (lambda f: None, ""),
        (lambda f: [(f / str(n)).touch() for n in range(1_000)], ""),
        (lambda f: [(f / str(n)).touch() for n in range(1_001)], "more than 1000 files and folders"),
        (lambda f: [(f / str(n)).mkdir() for n in range(1_001)], "more than 1000 files and folders"),
        (lambda f: nest(f, 15), ""),
        (lambda f: nest(f, 17), "folders more than 16 deep"),
        (lambda f: os.truncate(os.open(f / "a", os.O_CREAT | os.O_RDWR), 65 << 20), "more than 64 MiB"),
        (lambda f: (f / "gone").symlink_to("/"), ""),
    ],
)
def test_a_folder_has_a_bound_in_size_number_and_depth(tmp_path, fill, excess):
    fill(tmp_path)
    assert describe_excess(tmp_path) == excess


@pytest.mark.fault(58)
@linux
@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("n = 0\n    while True:\n        n += 1; open(str(n), 'wb').write(bytes(8 << 20))", "MiB"),
        ("n = 0\n    while True:\n        n += 1; open(str(n), 'wb').close()", "files and folders"),
        ("while True:\n        os.mkdir('d'); os.chdir('d')", "deep"),
        (
            """keep = []
    while True:
        f = open('f', 'wb', 0); f.write(bytes(8 << 20)); os.unlink('f'); keep.append(f)""",
            "in deleted files",
        ),
        (
            """import mmap; keep = []
    while True:
        f = open('f', 'w+b', 0); f.write(bytes(8 << 20)); keep.append(mmap.mmap(f.fileno(), 4096))
        f.close(); os.unlink('f')""",
            "in deleted files",
        ),
        (
            """keep = []
    for n in range(13): os.mkdir('d' * 255); os.chdir('d' * 255)
    os.mkdir('d' * 240); os.chdir('d' * 240); os.mkdir('d' * 240); os.chdir('d' * 240)
    while True:
        f = open('f' * 255, 'wb', 0); f.write(bytes(8 << 20)); os.unlink('f' * 255); keep.append(f)""",
            "in deleted files",
        ),
        (
            """import ctypes; libc = ctypes.CDLL(None); libc.mmap.restype = ctypes.c_void_p; keep = []
    for n in range(100): keep.append(open('e', 'wb')); os.unlink('e')
    while True:
        f = open('f', 'w+b', 0); f.write(bytes(8 << 20)); os.unlink('f')
        libc.mmap(None, ctypes.c_size_t(4096), 1, 1, f.fileno(), ctypes.c_long(0)); f.close()""",
            "in deleted files",
        ),
        (
            """import ctypes, threading
    threading.Thread(target=time.sleep, args=(9,)).start()
    ctypes.CDLL(None).syscall(ctypes.c_long(93 if os.uname().machine == 'aarch64' else 60), 0)""",
            "ended its first thread",
        ),
        (
            """import ctypes; libc = ctypes.CDLL(None); libc.mmap.restype = ctypes.c_void_p
    at = libc.mmap(None, ctypes.c_size_t(240 << 20), 1, 0x22, -1, ctypes.c_long(0))
    for n in range(0, 60_000, 2): libc.mprotect(ctypes.c_void_p(at + n * 4096), ctypes.c_size_t(4096), 0)
    while True: time.sleep(1)""",
            "too many areas",
        ),
        ("os.mkdir('d', 0o300)\n    while True: open(f'd/{time.monotonic_ns()}', 'wb').close()", "files and folders"),
    ],
)  # fmt: skip
def test_a_reward_that_fills_its_folder_is_killed(lines, told):
    """No limit of the kernel's bounds the whole, so the runner looks while the reward runs."""
    source = f"import os, time\ndef reward(args, pred):\n    {lines}\n"
    with RewardRunner(source, timeout_s=20) as runner, pytest.raises(RewardError, match=told) as caught:
        runner.score({}, {})
    assert caught.value.type_name == "WorkerDied"
    assert "its process was killed" in caught.value.message


@pytest.mark.fault(58)
@linux
@pytest.mark.parametrize(
    ("lines", "refused"),
    [
        ("mmap.mmap(-1, 4096)", "PermissionError"),
        ("mmap.mmap(os.open('/dev/zero', os.O_RDONLY), 4096, prot=mmap.PROT_READ)", "PermissionError"),
        ("fcntl.fcntl(os.open('f', os.O_CREAT | os.O_RDWR), 37, bytes(32))", "PermissionError"),
        (
            "assert ctypes.CDLL(None).syscall(ctypes.c_long(436), 250, 255, 2) == -1; 1 / 0",
            "ZeroDivisionError",
        ),
    ],
)
def test_what_would_take_memory_that_nothing_bounds_is_refused(lines, refused):
    """Memory to be shared is kept for one page of it; locks are the kernel's; other descriptors would not be seen."""
    source = f"import ctypes, fcntl, mmap, os\ndef reward(args, pred):\n    {lines}\n    return 1.0\n"
    with RewardRunner(source) as runner:
        with pytest.raises(RewardError) as caught:
            runner.score({}, {})
        if "seccomp" not in runner.confinement:
            pytest.skip("this system has no seccomp")
    assert caught.value.type_name == refused


@pytest.mark.fault(58)
@linux
def test_syncing_and_locking_are_pretended_and_a_database_works():
    """Nobody else is in the folder, and the disk is not to be waited for."""
    source = (
        "import fcntl, mmap, os, sqlite3, struct\n"
        "def reward(args, pred):\n"
        "    with sqlite3.connect('a.db') as db: db.execute('create table t (a)'); db.execute('insert into t values (7)')\n"
        "    with open('f', 'w+b') as file:\n"
        "        file.truncate(4096); fcntl.lockf(file, fcntl.LOCK_EX); fcntl.flock(file, fcntl.LOCK_EX); os.fsync(file)\n"
        "        with mmap.mmap(file.fileno(), 4096) as shared: shared[0] = 7; shared.flush()\n"
        "        fcntl.fcntl(file, fcntl.F_SETLK, struct.pack('hhqqi4x', fcntl.F_WRLCK, 0, 0, 1, 0))\n"
        "    locks = 0\n"
        "    return sqlite3.connect('a.db').execute('select a from t').fetchone()[0] + open('f', 'rb').read(1)[0]\n"
    )
    with RewardRunner(source) as runner:
        assert runner.score({}, {}).value == 14.0


@pytest.mark.fault(58)
@linux
def test_a_crash_starts_no_program_for_crashes_and_signals_do_not_pile_up():
    """A core limit of 1 is the one that keeps the system's own handler from being started."""
    source = (
        "import resource as r\ndef reward(args, pred):\n"
        "    print(r.getrlimit(r.RLIMIT_CORE), r.getrlimit(r.RLIMIT_SIGPENDING))\n    return 1.0\n"
    )
    with RewardRunner(source) as runner:
        assert runner.score({}, {}).stdout == "(1, 1) (128, 128)\n"


@pytest.mark.fault(58)
def test_a_reward_that_overfills_its_folder_at_once_is_an_error():
    source = "def reward(args, pred):\n    for n in range(6): open(str(n), 'wb').write(bytes(12 << 20))\n    return 1.0\n"
    with RewardRunner(source) as runner, pytest.raises(RewardError, match="64 MiB"):
        runner.score({}, {})


@pytest.mark.fault(58)
@linux
def test_a_source_that_fills_its_folder_while_it_loads_is_killed_unwatched():
    """Nobody waits for a score yet."""
    source = "n = 0\nwhile True:\n    n += 1; open(str(n), 'wb').close()\ndef reward(a, p): return 1\n"
    with RewardRunner(source, load_timeout_s=60) as runner:
        runner.start()
        process = runner._processes[0]
        assert process.reply.result(10) is None
        assert "files and folders" in process.kill_reason


@pytest.mark.fault(58)
@linux
def test_nothing_runs_between_two_scores():
    """A thread that the reward hides would have the machine to itself."""
    source = (
        "import os, _thread, time\nn = 0\n"
        "def work():\n    global n\n    while True: n += 1; time.sleep(0)\n"
        "def reward(args, pred):\n"
        "    if not n: _thread.start_new_thread(work, ()); time.sleep(0.05); _thread._count = lambda: 0\n"
        "    return n\n"
    )
    with RewardRunner(source) as runner:
        runner.score({}, {})
        stat = Path(f"/proc/{runner.pid}/stat")
        eventually(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T")
        spent = stat.read_text().split()[13:15]
        with pytest.raises(AssertionError):
            eventually(lambda: stat.read_text().split()[13:15] != spent, within_s=0.1)
        assert runner.score({}, {}).value > 0


@pytest.mark.fault(58)
@linux
def test_a_reward_with_threads_without_number_is_killed():
    source = (
        "import _thread, time\n"
        "def reward(args, pred):\n    _thread.stack_size(32768)\n"
        "    while True:\n        try: _thread.start_new_thread(time.sleep, (60,))\n        except RuntimeError: pass\n"
    )
    with RewardRunner(source, timeout_s=20) as runner, pytest.raises(RewardError, match="256 threads"):
        runner.score({}, {})
