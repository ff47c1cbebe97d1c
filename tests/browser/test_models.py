"""Real models in a real browser: connect, test, watch a reply being written, replay, resume; and keys that stay unsaid."""

from __future__ import annotations

import contextlib
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import run_button, wait_idle
from tests.browser.test_app import APP, rows, run, stopped
from tests.openai_server import Answer, OpenAIServer, polite, status

KEY = "canary-typed-5b1d9e7c"
ENV_KEY = "canary-in-the-environment-0f44"


def choose(page: Page, box: str, option: str) -> None:
    """Choose an option of a list; a page that is still being drawn closes one that was opened too early.

    Its name is typed, since a long list holds only what fits the screen.
    """
    for _ in range(6):
        page.get_by_role("combobox", name=box).click()
        page.get_by_role("combobox", name=box).fill(option)
        with contextlib.suppress(Exception):
            page.get_by_role("option", name=option, exact=True).click(timeout=2_000)
            break
    wait_idle(page)


def write(page: Page, label: str, text: str) -> None:
    field = page.get_by_role("textbox", name=label, exact=True)
    field.fill(text)
    field.press("Tab")
    wait_idle(page)


def connect(page: Page, url: str, *, server: OpenAIServer, key: str = "", variable: str = "") -> None:
    """Fill in the form of the Models page for that server."""
    page.goto(f"{url}/models")
    wait_idle(page)
    choose(page, "Provider", "Another OpenAI-compatible server")
    write(page, "Base URL", server.url)
    write(page, "Model", "tiny")
    write(page, "Connection name", f"work {server.port}")
    if key:
        page.get_by_text("Enter here (this session only)").click()
        wait_idle(page)
        field = page.get_by_label("API key", exact=True)
        field.fill(key)
        field.press("Tab")
    elif variable:
        page.get_by_text("Environment variable").click()
        wait_idle(page)
        write(page, "Variable name", variable)
    wait_idle(page)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).first.click()


def row_of(page: Page, server: OpenAIServer):
    """What the page shows of that server's connection."""
    return page.locator(f".st-key-connection-work-{server.port}")


def use_in_the_lab(page: Page, server: OpenAIServer) -> None:
    press(page, "Save")
    expect(page.get_by_text(f"Saved work {server.port}")).to_be_visible()
    row_of(page, server).get_by_role("button", name="Use in the Lab").click()
    expect(run_button(page)).to_be_visible()
    wait_idle(page)


@pytest.fixture
def url(serve):
    """The app that all these tests share, as litellm takes seconds to load in each."""
    return serve(APP)


def test_a_reply_stands_on_the_screen_while_it_is_written(page, url):
    with OpenAIServer(Answer(polite, trickle_s=6.0)) as model:
        connect(page, url, server=model)
        use_in_the_lab(page, model)
        run(page)
        expect(page.locator(".story .running .cursor")).to_be_visible(timeout=30_000)
        expect(page.get_by_text("A polite").first).to_be_visible(timeout=10_000)
        assert not page.get_by_text("0.20").count(), "nothing is scored yet"
        page.get_by_role("button", name="Cancel").click()
        stopped(page, "Cancelled")
        assert model.requests[-1].disconnected.wait(2)


def test_retries_are_told_as_retries_and_cost_no_attempt(page, url):
    with OpenAIServer(polite) as model:
        model.script(status(503), polite)
        connect(page, url, server=model)
        use_in_the_lab(page, model)
        run(page)
        stopped(page, "All 5 attempts made", within_s=60)
        expect(rows(page)).to_have_count(5)
        page.get_by_role("button", name="Costs", exact=True).click()
        expect(page.locator('[title*="requests sent again: 1"]').first).to_be_visible()


def test_a_run_is_replayed_without_its_server_and_says_so(page, url):
    with OpenAIServer(polite, key=KEY) as model:
        connect(page, url, server=model, key=KEY)
        use_in_the_lab(page, model)
        run(page)
        stopped(page, "All 5 attempts made", within_s=60)
    page.reload()
    stopped(page, "All 5 attempts made")
    page.get_by_role("button", name="Replay").click()
    page.get_by_role("radiogroup", name="Reply delay").get_by_text("none", exact=True).click()
    press(page, "Start the replay")
    expect(page.get_by_text("Replay: recorded replies of openai/tiny; no model was asked.")).to_be_visible(
        timeout=20_000
    )
    stopped(page, "All 5 attempts made")
    expect(page.get_by_text("all replayed").first).to_be_visible()


def test_a_run_whose_app_was_killed_is_resumed_once_its_key_is_typed_again(page, server):
    url = server.start()
    with OpenAIServer(Answer(polite, trickle_s=1.0), key=KEY) as model:
        connect(page, url, server=model, key=KEY)
        use_in_the_lab(page, model)
        run(page)
        expect(rows(page).nth(2)).to_be_visible(timeout=60_000)
        query = page.url.partition("?")[2]
        server.kill()
        url = server.start()
        asked = len(model.requests)
        page.goto(f"{url}/run?{query}")
        expect(page.get_by_text(re.compile("Interrupted (during|after|while)")).first).to_be_visible(
            timeout=20_000
        )
        page.get_by_role("button", name="Resume").click()
        press(page, "Resume now")
        expect(page.get_by_text("started with a key entered for openai/tiny")).to_be_visible()
        field = page.get_by_label("Key for openai/tiny")
        field.fill(KEY)
        field.press("Tab")
        expect(page.get_by_role("button", name="Forget")).to_be_visible()
        press(page, "Resume now")
        stopped(page, "All 5 attempts made", within_s=60)
        expect(page.get_by_text("Interrupted and resumed once").first).to_be_visible()
        expect(rows(page)).to_have_count(5)
        assert len(model.requests) - asked <= 6, "what was complete is not asked again"


def test_keys_are_in_nothing_that_the_app_writes_logs_or_shows(page, server, monkeypatch):
    """A key typed, one in the environment, and a server that repeats both wherever it can."""
    monkeypatch.setenv("WORK_API_KEY", ENV_KEY)
    url = server.start()
    received: list[str | bytes] = []
    # A built-in cannot be marked as a handler, so append stands inside a function.
    page.on("websocket", lambda socket: socket.on("framereceived", lambda data: received.append(data)))  # noqa: PLW0108
    page.on("response", lambda response: received.append(f"{response.url} {response.headers}"))

    for key, way in ((KEY, {"key": KEY}), (ENV_KEY, {"variable": "WORK_API_KEY"})):

        def telltale(body, key=key):
            return f"{polite(body)} (the key was {key})"

        bad = status(401, f"Incorrect API key provided: {key}")
        with OpenAIServer(Answer(telltale, trickle_s=1.0)) as model:
            model.script(bad, Answer(raw=f"<html>{key}</html>".encode()))
            connect(page, url, server=model, **way)
            page.get_by_role("button", name="Test", exact=True).last.click()
            expect(page.get_by_text(re.compile("It works|does not work yet"))).to_be_visible(timeout=60_000)
            use_in_the_lab(page, model)
            model.script(bad)
            run(page)
            stopped(page, "attempts made", within_s=90)
            sent = {request.headers.get("authorization") for request in model.requests}
            assert f"Bearer {key}" in sent, "the key was really used"
    shown = page.content()
    server.stop()
    written = {file: file.read_bytes() for file in server.folder.rglob("*") if file.is_file()}
    assert any(file.name == "refinescope.db" for file in written)
    for key in (KEY, ENV_KEY):
        assert key not in shown
        assert key not in page.url
        assert [file.name for file, data in written.items() if key.encode() in data] == []
        assert not any(key.encode() in (f if isinstance(f, bytes) else f.encode()) for f in received)
