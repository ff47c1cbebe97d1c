"""Running the reward worker as root and as an ordinary user, from a checkout that `pip install -e` would leave.

The checkout is a copy that anybody may read, with a `.venv` in it whose `.pth` file points back at it: root's own
folders are often closed to others, and the worker must not tell this checkout's secrets.
"""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from tests.threads import eventually

ROOT = Path(__file__).parents[1]
NOBODY = 65_534
PACKAGES = ("numpy", "numpy.libs")
SECRET = "canary-7f3a91-do-not-read"
IS_ROOT = os.name == "posix" and os.getuid() == 0
# Who is no root cannot become it: as an ordinary user only that is tested, in CI as root both.
USERS = ("root", "ordinary") if IS_ROOT else ("ordinary",)


def run_python(*arguments, user="ordinary", timeout_s=100):
    """What `python …` prints for this user, started in an empty folder of that user's.

    user: one of USERS; root becomes an ordinary user for it, who is none is one already.
    """
    python = checkout() / ".venv" / "bin" / "python"
    folder = Path(tempfile.mkdtemp(prefix="refinescope-work-"))
    work = folder / "work"
    work.mkdir()
    become = {}
    if IS_ROOT and user == "ordinary":
        become = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        for place in (folder, work):
            os.chown(place, NOBODY, NOBODY)
    try:
        done = subprocess.run(
            [python, *arguments],
            capture_output=True,
            text=True,
            cwd=work,
            env={"PATH": os.defpath, "HOME": str(folder), "TMPDIR": str(folder), "LANG": "C.UTF-8"},
            check=False,
            timeout=timeout_s,
            **become,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@cache
def checkout():
    """The copy, made once a process."""
    place = Path(tempfile.mkdtemp(prefix="refinescope-readable-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    place.chmod(0o755)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    skipped = shutil.ignore_patterns("test", "tests", "site-packages", "dist-packages", "__pycache__")
    _link_tree(Path(os.__file__).parent, place / "python" / "lib" / version, skipped)
    (place / "python" / "bin").mkdir()
    python = place / "python" / "bin" / version
    for program in (Path(sys.executable), *Path(sys.base_prefix, "lib").glob("libpython*.so*")):
        _copy_program(
            program, python if program == Path(sys.executable) else place / "python" / "lib" / program.name
        )
    copy = place / "checkout"
    _link_tree(ROOT / "refine_core", copy / "refine_core", shutil.ignore_patterns("__pycache__"))
    _link_tree(ROOT / "pages", copy / "pages", shutil.ignore_patterns("__pycache__"))
    _link_tree(ROOT / "tests" / "data", copy / "tests" / "data", shutil.ignore_patterns("__pycache__"))
    for name in ("__init__.py", "hostile_run.py", "sandbox.py", "hostile_folder.py"):
        shutil.copy2(ROOT / "tests" / name, copy / "tests")
    (copy / ".streamlit").mkdir()
    for path in (copy / ".env", copy / ".streamlit" / "secrets.toml", copy / "README.md", copy / "store.db"):
        path.write_text(SECRET)
        path.chmod(0o644)
    subprocess.run([python, "-m", "venv", "--without-pip", copy / ".venv"], check=True)
    (packages,) = (copy / ".venv" / "lib").glob("python*/site-packages")
    (packages / "_editable_impl_refinescope.pth").write_text(str(copy))
    import numpy

    for name in PACKAGES:
        if (installed := Path(numpy.__file__).parents[1] / name).exists():
            _link_tree(installed, packages / name, shutil.ignore_patterns("__pycache__", "tests"))
    return copy


def _copy_program(source, target):
    """A program, or Python's library, that looks for that library beside itself and not where root keeps it."""
    place = f"{sys.base_prefix}/lib".encode()
    beside = b"$ORIGIN/../lib".ljust(len(place), b"\0")
    content = source.read_bytes()
    target.write_bytes(
        content.replace(place + b"\0", beside + b"\0") if len(beside) == len(place) else content
    )
    target.chmod(0o755)


def _link_tree(source, target, ignored):
    """Copied by hard links where that can be: a moment instead of a second."""

    def link(one, other):
        try:
            os.link(one, other)
        except OSError:
            shutil.copy2(one, other)

    shutil.copytree(source, target, ignore=ignored, copy_function=link, dirs_exist_ok=True)


def score_begins(runner):
    """Wait until the reward is at work on a score."""
    eventually(lambda: runner._loaded is not None and not runner._loaded.reply.done())
