"""What litellm's proxy server needs beyond litellm itself, in a folder of its own, beside the litellm that is installed.

python -m tests.proxy.environment      fetches it now, so that the first test need not wait for pip

What that is stands in requirements/proxy.in; the versions are locked in requirements/proxy.txt.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

LOCK = Path(__file__).parents[2] / "requirements" / "proxy.txt"


class Missing(Exception):  # noqa: N818 - nobody's error: its text says what to do
    """The packages cannot be had."""


def folder() -> Path:
    """Where they are; fetched if need be. Raises Missing."""
    python = f"py{sys.version_info.major}.{sys.version_info.minor}"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    place = cache / "refinescope" / "proxy" / f"litellm-{version('litellm')}-{python}"
    done, lock = place / "complete", LOCK.read_text()
    if not done.exists() or done.read_text() != lock:  # a renewed lock is fetched again
        place.mkdir(parents=True, exist_ok=True)
        command = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-compile",
            "--upgrade",
            "--no-deps",
        ]
        fetched = subprocess.run(
            [*command, "--target", str(place), "-r", str(LOCK)], capture_output=True, text=True, check=False
        )
        if fetched.returncode != 0:
            raise Missing(
                f"pip could not fetch what litellm's proxy needs: {fetched.stderr.strip()[-300:]}. With a network or a "
                "package index that pip can reach, run `python -m tests.proxy.environment`"
            )
        done.write_text(lock)
    return place


if __name__ == "__main__":
    start = time.perf_counter()
    folder()
    print(f"the proxy's packages are there after {time.perf_counter() - start:.0f} s")  # noqa: T201 - a command's own words
