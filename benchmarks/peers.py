"""Versions of dspy, each in an environment of its own, made once from its lock and kept in the user's cache folder.

Standard library only: .ci/run makes one while it still installs what the tests need.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

DSPY = "3.4.1"
ORIGINAL = "2.6.23"  # the version with the temperature schedule; tests/parity compares with it
LOCKS = Path(__file__).resolve().parents[1] / "requirements"


class NotMeasured(Exception):  # noqa: N818 - it is told below the table, and is nobody's error
    """Something that a measure needs is not there. Its text says what, and what to do."""


def cache() -> Path:
    """The folder in which the benchmarks keep what they need; on disk, as a user's runs are."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = caches / "refinescope" / "benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def dspy_python(version: str = DSPY) -> Path:
    """The Python that has dspy; the environment is made if it is not there. Raises NotMeasured if it cannot."""
    lock = LOCKS / f"dspy-{version}.txt"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()[:8]  # a renewed lock needs another environment
    home = cache() / f"dspy-{version}-py{sys.version_info.major}.{sys.version_info.minor}-{digest}"
    # dspy makes a folder when it is imported, used or not
    os.environ["DSPY_CACHEDIR"] = str(cache() / "dspy")
    # litellm would fetch a list of prices, and try again and again where there is no network
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    if (home / "complete").exists():
        return _interpreter(home)
    # Made beside its place and then moved there, so that two processes which both need it do not disturb each other.
    draft = home.with_name(f"{home.name}-{os.getpid()}")
    went = subprocess.run([*_installer(draft), "-r", str(lock)], capture_output=True, text=True, check=False)
    if went.returncode:
        shutil.rmtree(draft)
        raise NotMeasured(f"dspy {version} could not be installed: {went.stderr.strip()[-300:]}")
    (draft / "complete").touch()
    if not (home / "complete").exists():
        shutil.rmtree(home, ignore_errors=True)
        draft.rename(home)
    else:
        shutil.rmtree(draft)
    return _interpreter(home)


def pythons() -> tuple[dict[str, Path], list[NotMeasured]]:
    """Version -> Python of every dspy that can be had, and why the others cannot."""
    found, missing = {}, []
    for version in (DSPY, ORIGINAL):
        try:
            found[version] = dspy_python(version)
        except NotMeasured as why:
            missing.append(why)
    return found, missing


def _installer(home: Path) -> list[str]:
    """Make an empty environment, and return the command that installs into it: uv's, where it is on the PATH, else pip's."""
    interpreter, uv = str(_interpreter(home)), shutil.which("uv")
    without = ["--without-pip"] if uv else []
    subprocess.run([sys.executable, "-m", "venv", *without, str(home)], check=True)
    if uv:
        return [uv, "pip", "install", "--quiet", "--python", interpreter]
    return [interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]


def _interpreter(home: Path) -> Path:
    return home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
