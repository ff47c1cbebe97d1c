"""The command `refinescope`, as a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from refine_core import __version__
from refine_core.cli import find_free_port
from tests.threads import eventually

ROOT = Path(__file__).parents[2]
MAIN = "import sys; from refine_core.cli import main; sys.exit(main())"


def start(*arguments, home):
    return subprocess.Popen(
        [sys.executable, "-u", "-c", MAIN, *arguments],
        cwd=ROOT,
        env={**os.environ, "REFINESCOPE_HOME": str(home), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def is_served(address):
    import urllib.request

    try:
        with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1) as answer:
            return answer.status == 200
    except OSError:
        return False


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is a signal here")
def test_it_prints_its_name_address_data_folder_and_how_to_stop_it(tmp_path):
    home, port = tmp_path / "my data", find_free_port()
    process = start("--no-browser", "--port", str(port), home=home)
    try:
        lines = [process.stdout.readline().rstrip("\n") for _ in range(4)]
        assert lines == [
            f"Refinescope {__version__}",
            f"Address:      http://127.0.0.1:{port}",
            f"Data folder:  {home}",
            "Press Ctrl-C to stop it.",
        ]
        eventually(lambda: is_served(f"http://127.0.0.1:{port}"), within_s=60)
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=30)
        assert "You can now view" not in rest
        assert "Traceback" not in rest
    finally:
        process.kill()
        process.wait(30)


def test_its_version_is_the_packages(tmp_path):
    process = start("--version", home=tmp_path)
    out, _ = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, f"refinescope {__version__}\n")
