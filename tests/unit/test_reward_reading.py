"""What a reward may read: Python and installed packages, and nothing of a checkout, a data folder or a working directory."""

import json
import sys
from pathlib import Path

import pytest

from refine_core.rewards import RewardRunner
from tests.sandbox import SECRET, USERS, checkout, run_python

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Landlock is Linux's")

# Runs one reward in the checkout's own Python; what it prints is printed.
PROGRAM = """
import os, sys
from pathlib import Path
from refine_core.rewards import RewardRunner
here = Path.cwd()
for name in (".env", "store.db"):
    (here / name).write_text("canary-7f3a91-do-not-read")
{prepare}
with RewardRunner({source!r}) as runner:
    sys.stdout.write(runner.score({{"here": str(here)}}, {{}}).stdout)
"""
LISTED = """
import os
def reward(args, pred):
    for path in {paths}:
        path = path.replace("HERE", args["here"])
        try:
            print(open(path).read() if os.path.isfile(path) else os.listdir(path))
        except OSError as error:
            print(type(error).__name__)
    return 1.0
"""


def reads(*paths, user="ordinary", prepare=""):
    """What opening or listing each of the paths gives a reward."""
    source = LISTED.format(paths=list(map(str, paths)))
    return run_python("-c", PROGRAM.format(source=source, prepare=prepare), user=user).splitlines()


@pytest.mark.fault(56)
@pytest.mark.parametrize("user", USERS)
def test_nothing_of_an_editable_checkout_can_be_read(user):
    """Its folder is on sys.path, and its environment lies in it."""
    root = checkout()
    names = [
        ".", ".env", ".streamlit", ".streamlit/secrets.toml", "store.db", "README.md", "refine_core",
        "refine_core/rewards", "refine_core/rewards/worker.py", "refine_core/errors.py", "pages", "tests",
        ".venv", ".venv/bin", ".venv/pyvenv.cfg", ".venv/lib/../../.env",
    ]  # fmt: skip
    assert set(reads(*(root / name for name in names), user=user)) == {"PermissionError"}


@pytest.mark.fault(56)
@pytest.mark.parametrize("user", USERS)
def test_neither_the_working_directory_nor_the_data_folder_can_be_read(user):
    paths = ["HERE", "HERE/.env", "HERE/store.db", "HERE/data", "HERE/data/store.db", "HERE/.."]
    prepare = "os.environ['REFINESCOPE_HOME'] = str(here / 'data')\n(here / 'data').mkdir()\n(here / 'data' / 'store.db').touch()"
    assert set(reads(*paths, user=user, prepare=prepare)) == {"PermissionError"}


@pytest.mark.fault(56)
@pytest.mark.parametrize("how", ["os.chdir(hidden)", "os.environ['REFINESCOPE_HOME'] = str(hidden)"])
def test_a_private_folder_inside_a_readable_one_stays_private(how):
    """As a data folder below Python's own, or a service that was started in /usr/share; what lies beside it is read."""
    prepare = (
        "import numpy\nlib = Path(os.__file__).parents[1]\nhidden = lib / 'service'\n"
        f"hidden.mkdir(exist_ok=True)\n(hidden / 'secret').write_text('{SECRET}')\n"
        f"(lib / 'beside').write_text('beside')\n{how}"
    )
    lib = checkout().parent / "python" / "lib"
    paths = [lib / "service", lib / "service" / "secret", lib / "beside"]
    user = "root" if "root" in USERS else "ordinary"
    assert reads(*paths, user=user, prepare=prepare) == ["PermissionError", "PermissionError", "beside"]


@pytest.mark.fault(56)
def test_a_checkout_inside_a_readable_folder_stays_private():
    """As one below /usr/local/lib, from which a service runs that was started elsewhere."""
    prepare = (
        "import refine_core, shutil\nlib = Path(os.__file__).parents[1]\ncode = lib / 'code'\n"
        "shutil.copytree(Path(refine_core.__file__).parent, code / 'refine_core', dirs_exist_ok=True)\n"
        f"(code / '.env').write_text('{SECRET}')\n(lib / 'beside').write_text('beside')\n"
        "for name in [name for name in sys.modules if name.startswith('refine_core')]: del sys.modules[name]\n"
        "sys.path.insert(0, str(code))\nfrom refine_core.rewards import RewardRunner"
    )
    lib = checkout().parent / "python" / "lib"
    paths = [lib / "code", lib / "code" / ".env", lib / "code" / "refine_core" / "errors.py", lib / "beside"]
    user = "root" if "root" in USERS else "ordinary"
    assert reads(*paths, user=user, prepare=prepare) == [*["PermissionError"] * 3, "beside"]


@pytest.mark.fault(56)
@pytest.mark.parametrize("user", USERS)
def test_python_and_packages_work_in_a_checkout_s_own_environment(user):
    source = (
        "import numpy as np, sqlite3, asyncio, ctypes, decimal, ssl, threading, tempfile, shutil, mmap\n"
        "from concurrent.futures import ThreadPoolExecutor\nfrom refine_core import Score\n"
        "def reward(args, pred):\n"
        "    asyncio.run(asyncio.sleep(0))\n"
        "    sqlite3.connect('a.db').execute('create table t (a)')\n"
        "    with tempfile.TemporaryDirectory() as place:\n"
        "        np.save(place + '/a.npy', np.eye(3)); shutil.copyfile(place + '/a.npy', place + '/b.npy')\n"
        "        print(np.load(place + '/b.npy', mmap_mode='r').sum(), np.memmap('m', mode='w+', shape=3).shape)\n"
        "    import numpy.fft, email, xml.dom.minidom, zoneinfo, html.parser\n"
        "    print(numpy.linalg.svd(np.random.default_rng(0).random((50, 50)))[1].shape, zoneinfo.ZoneInfo('UTC'))\n"
        "    return Score(1.0, 'fine')\n"
    )
    printed = run_python("-c", PROGRAM.format(source=source, prepare=""), user=user)
    assert printed == "3.0 (3,)\n(50,) UTC\n"


@pytest.mark.fault(56)
def test_sys_path_holds_only_what_may_be_imported():
    """The same everywhere, also where no kernel enforces it."""
    source = "import sys, json\ndef reward(args, pred):\n    print(json.dumps(sys.path))\n    return 1.0\n"
    printed = run_python("-c", PROGRAM.format(source=source, prepare=""))
    kept = json.loads(printed)
    assert str(checkout()) not in kept
    assert any(path.endswith("site-packages") for path in kept)
    assert all("python3" in Path(path).parts[-1] or "python3" in path for path in kept)


@pytest.mark.fault(56)
@pytest.mark.parametrize("name", ["errors", "rewards.runner", "rewards.sandbox", "store"])
def test_our_own_modules_cannot_be_imported_by_a_reward(name):
    source = (
        "import importlib\ndef reward(args, pred):\n"
        f"    try: importlib.import_module('refine_core.{name}').__spec__.loader.get_data('x')\n"
        "    except (ImportError, OSError): return 1.0\n    return 0.0\n"
    )
    with RewardRunner(source) as runner:
        assert runner.score({}, {}).value == 1.0
