"""Two apps on one PostgreSQL database, as two people of a team have them: each sees what the other does, at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Server
from tests.browser.test_pausing import start_stepwise, step, waits
from tests.postgres import PostgresServer, own_server


@pytest.fixture
def postgres() -> Iterator[PostgresServer]:
    with own_server() as server:
        yield server


def serve_on(database: str, folder: Path) -> Server:
    """An app on the database, with a data folder of its own."""
    folder.mkdir()
    app = Server(folder)
    app.variables["REFINESCOPE_DATABASE"] = database
    app.start()
    return app


def test_a_run_of_one_app_is_seen_live_in_another_that_cannot_cancel_it(
    postgres: PostgresServer, tmp_path: Path, chromium: Browser, page: Page
):
    database = postgres.new_database(postgres.migrated())
    mine, theirs = (serve_on(database, tmp_path / name) for name in ("mine", "theirs"))
    context = chromium.new_context()
    listed = context.new_page()
    listed.goto(f"{theirs.url}/runs")
    expect(listed.get_by_text("No runs yet.")).to_be_visible()
    run_id = start_stepwise(page, mine.url)
    expect(listed.get_by_role("link", name="One-word answer")).to_be_visible()  # nobody touched that page

    watched = context.new_page()
    watched.goto(f"{theirs.url}/run?run={run_id}")
    expect(watched.get_by_text("This run belongs to another Refinescope process")).to_be_visible()
    expect(watched.get_by_role("button", name=re.compile("Cancel|Pause|Next step"))).to_have_count(0)
    step(page)
    expect(waits(page, "the advice after attempt 1")).to_be_visible()
    expect(watched.get_by_text("The capital of Belgium is Brussels.").first).to_be_visible()
    page.get_by_role("button", name=re.compile("^Cancel")).first.click()
    expect(watched.get_by_text(re.compile("^Cancelled")).first).to_be_visible()

    postgres.stop()
    listed.reload()
    expect(listed.get_by_text("its server cannot be reached")).to_be_visible()
    postgres.start()
    expect(listed.get_by_role("link", name="One-word answer")).to_be_visible()  # by itself
    context.close()
    for app in (mine, theirs):
        app.stop()
