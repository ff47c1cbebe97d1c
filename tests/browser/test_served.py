"""How the app is served: to pages of its own origin alone, and under any base path."""

from __future__ import annotations

import http.client
import http.server
import re
import threading
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
import websockets.exceptions
from playwright.sync_api import Page, expect
from websockets.sync.client import connect

from pages.shared import web
from tests.browser.conftest import Server, run_button, wait_idle
from tests.threads import finish

SOCKET = "/_stcore/stream"
OPEN = """url => new Promise((tell) => {
  const socket = new WebSocket(url);
  socket.onopen = () => tell("open");
  socket.onclose = (event) => tell("closed " + event.code);
})"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """The address of an app with Streamlit's own options, started once for all tests that want the same ones."""
    servers: dict[tuple[str, ...], Server] = {}

    def at(*options: str) -> str:
        if options not in servers:
            servers[options] = Server(tmp_path_factory.mktemp("served"), cold=True)
            servers[options].start(*options)
        return servers[options].url

    yield at
    for server in servers.values():
        server.stop()


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """A page on another port of this machine."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = b"<!doctype html><title>Elsewhere</title>"
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as made:
        thread = threading.Thread(target=made.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{made.server_port}"
        made.shutdown()
        finish(thread)


def socket_opens(url: str, origin: str | None = None, socket: str = SOCKET) -> bool:
    """Whether a websocket is let in. origin: none is sent where it is left out."""
    where = urlsplit(url)
    try:
        with connect(
            f"ws://{where.netloc}{where.path.rstrip('/')}{socket}",
            origin=origin,
            proxy=None,
            open_timeout=10,
        ):
            return True
    except websockets.exceptions.InvalidStatus as refused:
        assert refused.response.status_code == 403
        return False


@pytest.mark.fault(64)
def test_a_page_on_another_port_opens_no_websocket_and_reads_nothing(page, app, elsewhere):
    url = app()
    ws = url.replace("http", "ws") + SOCKET
    page.goto(elsewhere)
    assert page.evaluate(OPEN, ws) == "closed 1006"
    sent = "url => fetch(url, {mode: 'no-cors', method: 'POST', body: 'x'}).catch(() => {})"
    page.evaluate(sent, f"{url}/_stcore/health")
    used = "url => fetch(url, {mode: 'no-cors'}).then(() => 'loaded', () => 'refused')"
    for path in ("/lib/editor.js", "/_stcore/metrics", "/static/favicon.png"):
        assert page.evaluate(used, f"{url}{path}") == "refused"
    read = "url => fetch(url).then((answer) => answer.text(), () => 'refused')"
    assert page.evaluate(read, f"{url}/_stcore/health") == "refused"
    page.goto(url)
    wait_idle(page)
    assert page.evaluate(OPEN, ws) == "open"


@pytest.mark.fault(64)
def test_a_websocket_is_let_in_from_its_own_origin_alone(app):
    url = app()
    host = urlsplit(url).netloc
    port = urlsplit(url).port
    assert socket_opens(url, origin=url)
    foreign = [
        f"http://127.0.0.1:{port + 1}",
        "http://127.0.0.1",
        f"http://localhost:{port}",
        f"http://127.0.0.1:{port}.evil.example",
        f"http://{host}@evil.example",
        f"http://evil.example/{host}",
        "http://evil.example",
        "null",
        "file://",
        "http://localhost.evil.com",
        "http://127.0.0.1.nip.io:8501",
        f"http://127.0.0.1.nip.io:{port}",
        f"http://127.1:{port}",
        f"http://2130706433:{port}",
        f"http://{host}/",
        f"http://evil.example#http://{host}",
        f"http://[::1]:{port}",
        f"ftp://{host}",
        "http://127.0.0.1:99999",
        "",
    ]
    assert [one for one in foreign if socket_opens(url, origin=one)] == []
    assert not socket_opens(url), "a browser says its origin, always"


@pytest.mark.fault(41)
def test_a_live_run_wakes_pages_of_its_own_origin_under_a_base_path_alike(app):
    url = app("--server.baseUrlPath=there")
    own = url.removesuffix("/there")
    updates = "/lib/updates?run=unknown"
    assert socket_opens(url, origin=own, socket=updates)
    assert socket_opens(own, origin=own, socket=updates), "where a proxy takes the base path off"
    assert not socket_opens(url, origin="http://evil.example", socket=updates)
    assert not socket_opens(url, socket=updates)


def status_of(url: str, path: str, **headers: str | list[str]) -> int:
    """The status of a GET with these headers, and no others but the Host of the address where none is given."""
    where = urlsplit(url)
    asked = http.client.HTTPConnection("127.0.0.1", where.port, timeout=10)
    asked.putrequest("GET", where.path.rstrip("/") + path, skip_host=True, skip_accept_encoding=True)
    for name, values in ({"host": where.netloc} | headers).items():
        for value in [values] if isinstance(values, str) else values:
            asked.putheader(name.replace("_", "-"), value)
    asked.endheaders()
    status = asked.getresponse().status
    asked.close()
    return status


PATHS = (
    "/",
    "/run",
    "/_stcore/health",
    "/_stcore/host-config",
    "/media/x.png",
    "/component/x/y.js",
    "/lib/editor.js",
)


@pytest.mark.fault(64)
@pytest.mark.parametrize("base", ["", "there"])
def test_a_name_of_somebody_elses_that_leads_here_is_not_served(app, base):
    """DNS rebinding: to the browser, its page and this server are one origin."""
    url = app(*([f"--server.baseUrlPath={base}"] if base else []))
    port = urlsplit(url).port
    foreign = [
        "evil.example",
        "127.0.0.1.nip.io",
        "localhost.evil.example",
        "0.0.0.0",
        "127.0.0.1@evil.example",
        "[::2]",
    ]
    upgrade = {
        "connection": "Upgrade",
        "upgrade": "websocket",
        "sec_websocket_version": "13",
        "sec_websocket_key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    for host in [*(f"{name}:{port}" for name in foreign), "evil.example", "", []]:
        assert {status_of(url, path, host=host) for path in PATHS} == {403}, host
        assert status_of(url, SOCKET, host=host, origin=f"http://{host}", **upgrade) == 403, host
    assert status_of(url, "/", host=[f"127.0.0.1:{port}", "evil.example"]) in {400, 403}
    for host in ("127.0.0.1", "localhost", "LOCALHOST", "[::1]", "localhost."):
        assert status_of(url, "/", host=f"{host}:{port}") == 200, host
        assert status_of(url, SOCKET, host=f"{host}:{port}", origin=f"http://{host}:{port}", **upgrade) == 101


@pytest.mark.fault(64)
def test_a_host_that_the_settings_name_is_served(app):
    url = app("--server.allowedHosts=*.example.com", "--server.allowedHosts=127.0.0.1")
    assert status_of(url, "/", host="scope.example.com") == 200
    assert status_of(url, "/", host="example.org") == 403
    assert status_of(url, "/", host="badexample.com") == 403


@pytest.mark.fault(34)
@pytest.mark.parametrize("base", ["there", "/there", "there/", "/deep/down/"])
def test_every_route_lies_under_the_base_path_with_and_without_slashes(app, base):
    url = app(f"--server.baseUrlPath={base}")
    for path in (
        "/",
        "/run",
        "/_stcore/health",
        "/_stcore/host-config",
        *(f"/lib/{s.name}" for s in web.SCRIPTS),
        *(f"/lib/any-version/timeline/{s.name}" for s in web.TIMELINE.parent.glob("*.js")),
        *(f"/lib/any-version/shared/{s.name}" for s in web.SHARED),
    ):
        assert status_of(url, path) == 200, path
    for path in ("/lib/any-version/timeline/timeline.css", "/lib/any-version/timeline/..%2f..%2fapp.py"):
        assert status_of(url, path) in {400, 404}, path
    assert status_of(url, "") in {301, 307}, "to the one with a slash"
    assert status_of(url, "/run/?run=x") in {301, 307}


@pytest.mark.fault(64)
def test_an_origin_that_the_settings_name_is_let_in(app):
    """As behind a proxy that calls the app by another host."""
    url = app("--server.corsAllowedOrigins=https://scope.example")
    assert socket_opens(url, origin="https://scope.example")
    assert socket_opens(url, origin=url)
    assert not socket_opens(url, origin="http://scope.example")
    assert not socket_opens(url, origin="https://scope.example:8443")


@pytest.mark.fault(34)
@pytest.mark.parametrize("base", ["there", "/deep/down/"])
def test_everything_works_under_a_base_path(page: Page, app, base):
    url = app(f"--server.baseUrlPath={base}")
    missing: list[str] = []
    # Streamlit's own page finds out by trying at which of the address's folders its server is.
    page.on(
        "response", lambda r: missing.append(r.url) if r.status >= 400 and "_stcore" not in r.url else None
    )
    page.goto(url)
    wait_idle(page)
    run_button(page).click()
    expect(page.get_by_text("Stopped at attempt").first).to_be_visible(timeout=30_000)
    expect(page.locator(".rs-timeline .chart svg")).to_be_visible()
    expect(page.get_by_role("textbox", name=re.compile("def reward"))).to_be_visible()
    run_id = re.search("run=([^&]+)", page.url)[1]
    page.goto(f"{url}/run?run={run_id}&attempt=2")
    expect(page.locator(".rs-timeline .chart svg")).to_be_visible(timeout=20_000)
    expect(page.get_by_role("heading", name="Attempt 2", exact=True)).to_be_visible()
    page.get_by_test_id("stTopNav").get_by_role("link", name="Runs").click()
    expect(page).to_have_url(f"{url}/runs")
    page.get_by_role("link", name=re.compile("One-word")).first.click()
    expect(page.locator(".rs-timeline .chart svg")).to_be_visible(timeout=20_000)
    assert missing == []
