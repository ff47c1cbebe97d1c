"""The built wheel, installed where there is nothing else of ours, opens the app."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import urllib.request
import venv
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import free_port, run_button, stop, until_up, wait_idle

ROOT = Path(__file__).parents[2]


def build(into: Path) -> Path:
    """The wheel, built with what is installed here: the locks hold hatchling, too."""
    pip = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
    done = subprocess.run([*pip, "-w", str(into), str(ROOT)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    (wheel,) = into.glob("*.whl")
    return wheel


def installed(wheel: Path, home: Path) -> Path:
    """A console command in an environment that has the wheel and, from this environment, only what it depends on."""
    venv.create(home, with_pip=False)
    site = Path(sysconfig.get_path("purelib", "venv", {"base": str(home), "platbase": str(home)}))
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(site), str(wheel)],
        check=True,
    )
    # A path line in a .pth file adds a folder without reading the .pth files in it: our own checkout stays out.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return site


@pytest.mark.timeout(300)
def test_the_wheel_opens_the_app_in_an_empty_folder(page, tmp_path):
    site = installed(build(tmp_path / "dist"), tmp_path / "env")
    assert (site / "refinescope" / "app.py").exists()
    assert not (site / "pages").exists(), "never a top-level `pages` in site-packages"
    assert not list(site.glob("refinescope/**/node_modules"))
    settings = Path(".streamlit") / "config.toml"
    assert (site / "refinescope" / settings).read_text() == (ROOT / settings).read_text()
    empty = tmp_path / "empty"
    empty.mkdir()
    port = free_port()
    python = tmp_path / "env" / ("Scripts" if os.name == "nt" else "bin") / "python"
    log = tmp_path / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [
                python,
                "-c",
                "import refine_core.cli as c; print(c.__file__); c.main()",
                "--no-browser",
                "--port",
                str(port),
            ],
            cwd=empty,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, "HOME": str(empty), "REFINESCOPE_HOME": str(tmp_path / "data")},
        )
    url = f"http://127.0.0.1:{port}"
    try:
        until_up(process, log, url)
        page.goto(url)
        wait_idle(page)
        run_button(page).click()
        expect(page.get_by_text(re.compile("Stopped at attempt 3")).first).to_be_visible(timeout=30_000)
        expect(page.locator(".rs-timeline .chart svg")).to_be_visible()
        with urllib.request.urlopen(url) as answer:
            assert "default-src 'self'" in answer.headers["content-security-policy"]
    finally:
        said = stop(process, log)
    assert str(site) in said, "the installed package ran, not the checkout"
    assert "Traceback" not in said
    assert list(empty.iterdir()) == [] or {p.name for p in empty.iterdir()} <= {".streamlit", ".cache"}
