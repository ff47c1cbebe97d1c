"""A real server and a real browser: one server a script and session, one page a file that is emptied after each test."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Error, Locator, Page, ViewportSize, expect, sync_playwright

from tests.browser.warm import Warm, forks, start_warm, stop_warm
from tests.threads import eventually

ROOT = Path(__file__).parents[2]
START_S = 60
App = subprocess.Popen[bytes] | Warm
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
QUIET += ["--disable-background-networking", "--disable-component-update"]

expect.set_options(
    timeout=30_000
)  # it costs a test that passes nothing, and a cold app on a busy machine needs it


def wait_idle(page: Page) -> None:
    """Wait until the page is connected and its script has ended; not for pages that poll."""
    state = "[data-test-script-state=notRunning][data-test-connection-state=CONNECTED]"
    page.locator(f"[data-testid=stApp]{state}").wait_for(timeout=60_000)


def run_button(page: Page) -> Locator:
    """The Lab's button; its name ends with its shortcut."""
    return page.get_by_role("button", name=re.compile(r"^Run( Ctrl.*)?$"))


def open_part(page: Page, part: str) -> None:
    """Open a folded part of the Lab's form, unless it is open: "picker", "model" or "more"."""
    button = page.locator(f".st-key-lab-{part}").get_by_role("button").first
    if button.get_attribute("aria-expanded") != "true":
        button.click()
    expect(page.get_by_test_id("stPopoverBody")).to_be_visible()


def close_part(page: Page) -> None:
    """Close what `open_part` opened."""
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)


@pytest.fixture(scope="session", autouse=True)
def _warm_apps() -> Iterator[None]:
    yield
    stop_warm()


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], str]]:
    """Start the script under Streamlit, once a session, and return its address; the log must hold no traceback."""
    served: dict[Path, tuple[App, Path, str]] = {}

    def start(script: Path) -> str:
        if script not in served:
            folder = tmp_path_factory.mktemp(script.stem)
            served[script] = _start(script, folder)
        return served[script][2]

    yield start
    logs = [stop(process, log) for process, log, _ in served.values()]
    for log in logs:
        assert "Traceback" not in log, log[-3000:]


class Server:
    """The app on a data folder of its own; it can be killed and started again. cold: by the command that its users type."""

    def __init__(self, folder: Path, *, cold: bool = False) -> None:
        self.folder, self.url, self.cold = folder, "", cold
        self.variables: dict[str, str] = {}  # of its environment, besides its data folder
        self._running: tuple[App, Path] | None = None

    def start(self, *options: str) -> str:
        """options: Streamlit's own, such as "--server.baseUrlPath=there"."""
        process, log, self.url = _start(
            ROOT / "app.py",
            self.folder,
            *options,
            cold=self.cold,
            REFINESCOPE_HOME=str(self.folder / "data"),
            **self.variables,
        )
        self._running = process, log
        return self.url

    def start_again(self) -> None:
        """Start it anew at the address that it had."""
        assert self._running is None
        self.start(f"--server.port={urlsplit(self.url).port}")

    def kill(self) -> None:
        """End it as a power cut would."""
        process, _ = self._running or pytest.fail("not running")
        process.kill()
        process.wait(10)
        self._running = None

    def stop(self) -> None:
        """End it politely; its log must hold no traceback."""
        if self._running is not None:
            log = stop(*self._running)
            self._running = None
            assert "Traceback" not in log, log[-3000:]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """An app of this test's own, not started yet."""
    made = Server(tmp_path)
    yield made
    made.stop()


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start(
    script: Path, folder: Path, *options: str, cold: bool = False, **variables: str
) -> tuple[App, Path, str]:
    wanted = next((o.partition("=")[2] for o in options if o.startswith("--server.port=")), "")
    port, log = int(wanted) if wanted else free_port(), folder / "server.log"
    arguments = ["run", str(script), "--server.port", str(port), *options]
    environment = {**os.environ, "HOME": str(folder), "USERPROFILE": str(folder), **variables}
    process: App
    if forks() and not cold:
        process = start_warm(arguments, environment, log)
    else:
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "streamlit", *arguments],
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=ROOT,  # where .streamlit/config.toml is, and what the script imports from
                env=environment,
            )
    base = next((o.partition("=")[2] for o in options if o.startswith("--server.baseUrlPath=")), "")
    url = f"http://127.0.0.1:{port}" + (f"/{base.strip('/')}" if base else "")
    until_up(process, log, url)
    return process, log, url


def until_up(process: App, log: Path, url: str) -> None:
    """Wait until a server answers; fail with its log if it ends or takes too long."""

    def is_up() -> bool:
        if process.poll() is not None:
            pytest.fail(f"the server ended at once:\n{log.read_text()[-3000:]}")
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1):
                return True
        except OSError:
            return False

    try:
        eventually(is_up, within_s=START_S)
    except AssertionError:
        pytest.fail(f"the server was not up after {START_S} s:\n{stop(process, log)[-3000:]}")


def stop(process: App, log: Path) -> str:
    """End a server, and return what it logged."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)
    return log.read_text()


def _chromium() -> str | None:
    """Return the path of a Chromium: the one in CHROMIUM, or the system's; None for Playwright's own."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Start the browser; without one, skip, but fail where CI is set.

    It ends with its file: what drives it keeps an event loop running, and asyncio allows but one.
    """
    with sync_playwright() as playwright:
        path = _chromium()
        if path is None and not Path(playwright.chromium.executable_path).exists():
            why = "no Chromium: set CHROMIUM to one, or run `playwright install chromium`"
            (pytest.fail if os.environ.get("CI") else pytest.skip)(why)
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


VIEWPORT: ViewportSize = {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def _shared_page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport=VIEWPORT, reduced_motion="reduce")
    yield context.new_page()
    context.close()


@pytest.fixture
def page(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The page that the tests of a file have one after the other, emptied after each; an error that it does not catch fails the test.

    Its browser has read the app's scripts: a page costs 1.9 s of processor time in place of 3.3. A test that changes what cannot be
    undone (the clock, scripts that a page begins with) or counts what is fetched is marked `own_page`.
    """
    own = request.node.get_closest_marker("own_page") is not None
    if own:
        page = chromium.new_context(viewport=VIEWPORT, reduced_motion="reduce").new_page()
    else:
        page = request.getfixturevalue("_shared_page")
    errors: list[str] = []

    def note(error: Error) -> None:
        errors.append(str(error))

    page.on("pageerror", note)
    yield page
    if own:
        page.context.close()
    else:
        _empty(page)
        page.remove_listener("pageerror", note)
    assert not errors, errors


def _empty(page: Page) -> None:
    for other in page.context.pages:
        if other != page:
            other.close()
    page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
    page.goto("about:blank")
    page.unroute_all()
    page.set_viewport_size(VIEWPORT)
    page.emulate_media(color_scheme="null", reduced_motion="reduce", media="null")
    page.context.clear_cookies()
    page.context.clear_permissions()


@pytest.fixture
def visit(page: Page, serve: Callable[[Path], str]) -> Callable[[Path], Page]:
    """Serve a script, open it in the test's page and wait until it has run."""

    def go(script: Path) -> Page:
        page.goto(f"{serve(script)}/?example=one_word")  # not the newest draft, which may be another test's
        wait_idle(page)
        return page

    return go
