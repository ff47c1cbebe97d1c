"""The sandbox explains itself: in the error, beside a score whose code swallowed the refusal, and for missing packages."""

import sys

import pytest

from refine_core.errors import RewardError
from refine_core.rewards import RewardRunner
from refine_core.rewards.error_explanations import SANDBOX

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is refused")


def body(*lines):
    """A reward whose body is these lines, the first of them on line 2."""
    return "def reward(args, pred):\n" + "".join(f"    {line}\n" for line in lines)


def failure(source):
    """The error that one score of this source raises."""
    with pytest.raises(RewardError) as caught, RewardRunner(source) as runner:
        runner.score({}, {"answer": "zz"})
    return caught.value


REFUSED = {
    "a program": ("import subprocess", "subprocess.run(['ls'])", "starting another program (ls)"),
    "popen": ("import os", "os.popen('ls').read()", "starting another program"),
    "spawn": ("import os", "os.posix_spawn('/bin/ls', ['ls'], {})", "starting another program (/bin/ls)"),
    "a fork": ("import os", "os.fork()", "starting another program"),
    "multiprocessing": ("import multiprocessing as m", "m.get_context('fork').Process(target=print).start()", "starting another program"),
    "a socket": ("import socket", "socket.socket()", "opening a network connection"),
    "a host": ("import socket", "socket.getaddrinfo('example.com', 80)", "looking up the host example.com"),
    "a page": ("import urllib.request as u", "u.urlopen('http://127.0.0.1:9/')", "opening a network connection"),
    "a file": ("import os", "open('/etc/passwd')", "reading /etc/passwd"),
    "a path": ("import pathlib", "pathlib.Path('/etc/passwd').read_text()", "reading /etc/passwd"),
    "a descriptor": ("import os", "os.open('/etc/passwd', os.O_RDONLY)", "reading /etc/passwd"),
    "a folder": ("import os", "os.listdir('/etc')", "reading /etc"),
    "a new file": ("import os", "open('/tmp/of-a-reward', 'w')", "writing to /tmp/of-a-reward"),
    "a new folder": ("import os", "os.mkdir('/tmp/of-a-reward')", "changing /tmp/of-a-reward"),
    "a database": ("import sqlite3", "sqlite3.connect('/tmp/of-a-reward.db')", "writing to /tmp/of-a-reward.db"),
    "permissions": ("import os; open('x', 'w')", "os.chmod('x', 0o600)", "changing the permissions or times of x"),
    "a signal": ("import os", "os.kill(os.getppid(), 0)", "signalling another process"),
}  # fmt: skip


@pytest.mark.fault(14)
@pytest.mark.parametrize("what", REFUSED)
def test_a_refusal_is_explained_in_the_error(what):
    """The sentence comes last, after Python's own message."""
    head, line, _ = REFUSED[what]
    error = failure(body(head, line, "return 1"))
    assert error.message.endswith(f". {SANDBOX}")
    assert error.line == 3


@pytest.mark.fault(14)
@pytest.mark.parametrize("what", REFUSED)
def test_a_refusal_that_the_code_swallows_is_told_beside_the_score(what):
    """Otherwise such a reward is 0 for ever and nobody knows why."""
    head, line, told = REFUSED[what]
    with RewardRunner(body(head, f"try: {line}", "except Exception: return 0.0", "return 1")) as runner:
        scored = runner.score({}, {"answer": "zz"})
    assert scored.value == 0.0
    assert scored.refusals[0].startswith(f"line 3: {told}")


@pytest.mark.fault(14)
@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("import glob; found = glob.glob('/etc/*')", "line 2: reading /etc"),
        ("import os; found = list(os.walk('/etc'))", "line 2: reading /etc"),
        ("import os; found = os.system('ls')", "line 2: starting another program (ls)"),
    ],
)
def test_what_a_library_swallows_is_told_as_well(line, told):
    with RewardRunner(body(line, "return 0.5")) as runner:
        assert runner.score({}, {"answer": "zz"}).refusals == (told,)


@pytest.mark.fault(14)
def test_what_the_top_level_swallowed_is_told_with_every_score():
    """The table that it could not read is missing each time."""
    source = "try:\n    WORDS = open('/etc/passwd').read()\nexcept OSError:\n    WORDS = ''\n" + body(
        "return 1"
    )
    with RewardRunner(source) as runner:
        told = [runner.score({}, {"answer": "zz"}).refusals for _ in range(2)]
    assert told == [("line 2: reading /etc/passwd",)] * 2


@pytest.mark.fault(14)
def test_an_error_that_comes_of_a_swallowed_refusal_names_it():
    lines = ("words = None", "try: words = open('/etc/passwd')", "except OSError: pass", "return len(words)")
    message = failure(body(*lines)).message
    assert message == (
        "TypeError: object of type 'NoneType' has no len(). The sandbox had refused: "
        f"line 3: reading /etc/passwd. {SANDBOX}"
    )


@pytest.mark.fault(14)
def test_a_refusal_of_one_score_is_not_told_with_the_next():
    lines = (
        "if pred.answer == 'ask':",
        "    try: open('/etc/passwd')",
        "    except OSError: return None",
        "return 1",
    )
    with RewardRunner(body(*lines)) as runner:
        with pytest.raises(RewardError):
            runner.score({}, {"answer": "ask"})
        assert runner.score({}, {"answer": "zz"}).refusals == ()


@pytest.mark.fault(14)
@pytest.mark.parametrize(
    "lines",
    [
        ("open('own.txt', 'w').write('x')", "return open('own.txt').read() == 'x'"),
        ("import tempfile, os", "with tempfile.TemporaryDirectory() as f: open(os.path.join(f, 'a'), 'w').close()", "return 1"),
        ("import os", "os.mkdir('d'); os.rename('d', 'e'); os.rmdir('e'); os.kill(os.getpid(), 0); os.listdir()", "return 1"),
        ("import asyncio", "async def one(): return 1", "return asyncio.run(one())"),
        ("import threading", "t = threading.Thread(target=print)", "t.start(); t.join()", "return 1"),
        ("import numpy, json, zoneinfo, mimetypes, ssl, sqlite3, uuid, platform, email, html.parser", "return 1"),
        ("import zoneinfo", "return zoneinfo.ZoneInfo('Asia/Tokyo').key == 'Asia/Tokyo'"),
        ("try: open('/nowhere/at/all')", "except FileNotFoundError: return 1"),
        ("try: raise PermissionError('mine')", "except OSError: return 1"),
        ("import os", "return float(os.path.exists('/etc/passwd'))"),
    ],
)  # fmt: skip
def test_what_is_allowed_is_not_told_as_refused(lines):
    """Nor what a library tries while it is imported."""
    with RewardRunner(body(*lines)) as runner:
        scored = runner.score({}, {"answer": "zz"})
    assert (scored.value, scored.refusals) == (1.0, ())


@pytest.mark.fault(14)
def test_the_rewards_own_permission_error_is_left_as_it_is():
    assert failure(body("raise PermissionError('not for you')")).message == "PermissionError: not for you"


@pytest.mark.fault(14)
@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("import not_there", "Install it there: pip install not_there"),
        ("import not_there.deeper", "Install it there: pip install not_there"),
        ("from not_there import x", "Install it there: pip install not_there"),
        ("import slugify", "Install it there: pip install python-slugify"),
    ],
)
def test_a_missing_package_says_where_to_install_it(line, told):
    """Without a path of this machine."""
    message = failure(body(line)).message
    assert message.startswith("ModuleNotFoundError: No module named '")
    assert ". A reward can import only packages of the Python that runs Refinescope. " in message
    assert message.endswith(told)
    assert "/" not in message


@pytest.mark.fault(14)
def test_a_module_that_an_installed_package_lacks_is_not_to_be_installed():
    message = failure(body("import numpy.not_there")).message
    assert message.endswith("No module named 'numpy.not_there'. The installed numpy has no such module.")


@pytest.mark.fault(14)
def test_the_explanation_is_whole_however_long_the_message():
    lines = ("try: open('/etc/passwd')", "except OSError: pass", "raise ValueError('x' * 10_000)")
    message = failure(body(*lines)).message
    assert message.endswith(SANDBOX)
    assert len(message) <= 4_000
