"""Phoenix in an environment of its own, as requirements/phoenix.txt locks it, and a server of it for a test.

python -m tests.phoenix.environment      makes the environment now
"""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

LOCK = Path(__file__).parents[2] / "requirements" / "phoenix.txt"
START_S = 400


def python() -> Path:
    """The Python that has Phoenix; the environment is made if it is not there."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "refinescope"
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:8]  # a renewed lock needs another environment
    home = cache / f"phoenix-py{sys.version_info.major}.{sys.version_info.minor}-{digest}"
    interpreter = home / "bin" / "python"
    if not (home / "complete").exists():
        shutil.rmtree(home, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        pip = [
            str(interpreter),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ]
        subprocess.run([*pip, "-r", str(LOCK)], check=True)
        (home / "complete").touch()
    return interpreter


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """A Phoenix that keeps its data in that folder; its address."""
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        port, grpc_port = one.getsockname()[1], other.getsockname()[1]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "PHOENIX_"))},
        "PHOENIX_HOST": "127.0.0.1",
        "PHOENIX_PORT": str(port),
        "PHOENIX_GRPC_PORT": str(grpc_port),
        "PHOENIX_WORKING_DIR": str(folder),
        "PHOENIX_TELEMETRY_ENABLED": "false",
    }
    address = f"http://127.0.0.1:{port}"
    log = (folder / "phoenix.log").open("wb")
    server = subprocess.Popen(
        [str(python()), "-m", "phoenix.server.main", "serve"], env=environment, stdout=log, stderr=log
    )
    try:
        for attempt in Retrying(
            retry=retry_if_exception_type(httpx.HTTPError),
            stop=stop_after_delay(START_S),
            wait=wait_fixed(0.2),
            reraise=True,
        ):
            with attempt:
                assert server.poll() is None, (folder / "phoenix.log").read_text(errors="replace")[-2000:]
                httpx.get(f"{address}/healthz", timeout=5).raise_for_status()
        yield address
    finally:
        server.terminate()
        server.wait(30)
        log.close()


if __name__ == "__main__":
    start = time.perf_counter()
    python()
    print(f"Phoenix is there after {time.perf_counter() - start:.0f} s")  # noqa: T201 - a command's own words
