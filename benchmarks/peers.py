"""dspy in an environment of its own, made once and kept in the user's cache folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from platformdirs import user_cache_path

from benchmarks.table import NotMeasured

DSPY = "3.4.1"
ORIGINAL = "2.6.23"  # the version with the temperature schedule; tests/parity compares with it


def cache() -> Path:
    """The folder in which the benchmarks keep what they need; on disk, as a user's runs are."""
    folder = user_cache_path("refinescope", appauthor=False) / "benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def dspy_python(version: str = DSPY) -> Path:
    """The Python that has dspy; the environment is made if it is not there. Raises NotMeasured if pip cannot."""
    home = cache() / f"dspy-{version}-py{sys.version_info.major}.{sys.version_info.minor}"
    python = home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    done = home / "complete"
    os.environ["DSPY_CACHEDIR"] = str(
        cache() / "dspy"
    )  # dspy makes a folder when it is imported, used or not
    if done.exists():
        return python
    shutil.rmtree(home, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    install = [
        str(python),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        f"dspy=={version}",
    ]
    went = subprocess.run(install, capture_output=True, text=True, check=False)
    if went.returncode:
        raise NotMeasured(f"dspy {version} could not be installed: {went.stderr.strip()[-300:]}")
    done.touch()
    return python
