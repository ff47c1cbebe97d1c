"""What litellm's proxy server needs beyond litellm itself, in a folder of its own, beside the litellm that is installed.

python -m tests.proxy.environment      fetches it now, so that the first test need not wait for pip

Installing `litellm[proxy]` as a whole brings 740 MB, most of it for clouds and metrics; these are what its server imports.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

PACKAGES = (
    "annotated-doc",
    "apscheduler>=3.11,<4",
    "async-timeout",  # redis's, before Python 3.11.3
    "backoff>=2.2,<3",
    "cffi",
    "cryptography>=49,<51",
    "email-validator",
    "dnspython",
    "expression>=5.6,<6",
    "fastapi>=0.136,<1",
    "fastapi-sso>=0.19,<1",
    "httpcore2",
    "httpx2>=2.5,<3",
    "mcp>=2.2,<3",
    "mcp-types",
    "oauthlib",
    "opentelemetry-api",
    "orjson>=3.11,<4",
    "pycparser",
    "pyjwt>=2.13,<3",
    "python-multipart",
    "redis",
    "soundfile>=0.12,<1",
    "sse-starlette",
    "truststore",
    "tzlocal",
)


class Missing(Exception):  # noqa: N818 - nobody's error: its text says what to do
    """The packages cannot be had."""


def folder() -> Path:
    """Where they are; fetched if need be. Raises Missing."""
    python = f"py{sys.version_info.major}.{sys.version_info.minor}"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    place = cache / "refinescope" / "proxy" / f"litellm-{version('litellm')}-{python}"
    done, wanted = place / "complete", "\n".join(PACKAGES)
    if not done.exists() or done.read_text() != wanted:  # another list of packages is fetched anew
        place.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--upgrade", "--no-deps"]
        fetched = subprocess.run(
            [*command, "--target", str(place), *PACKAGES], capture_output=True, text=True, check=False
        )
        if fetched.returncode != 0:
            raise Missing(
                f"pip could not fetch what litellm's proxy needs: {fetched.stderr.strip()[-300:]}. With a network or a "
                "package index that pip can reach, run `python -m tests.proxy.environment`"
            )
        done.write_text(wanted)
    return place


if __name__ == "__main__":
    start = time.perf_counter()
    folder()
    print(f"the proxy's packages are there after {time.perf_counter() - start:.0f} s")  # noqa: T201 - a command's own words
