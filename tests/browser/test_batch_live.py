"""An experiment in a real browser while it runs: paused, resumed, cancelled, reloaded, retried, its grid by mouse and by keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Browser, Page, expect

from refine_core.experiments import Experiment
from refine_core.log import codec
from refine_core.runs import Runs
from refine_core.store import open_store
from refine_core.store.protocol import EXPERIMENT_KIND
from tests.browser.accessibility import serious_findings
from tests.browser.conftest import Server, wait_idle
from tests.experiments.engine_parts import (
    SINGLE,
    Gate,
    answer,
    keep_rows,
    make_experiment,
    on_server,
)
from tests.openai_server import OpenAIServer, status

KEY = "a-key-for-tests"


@pytest.fixture
def model() -> Iterator[OpenAIServer]:
    with OpenAIServer(default=answer, key=KEY) as server:
        yield server


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(
        viewport={"width": 1280, "height": 900}, bypass_csp=True, reduced_motion="reduce"
    )
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert not errors, errors


def kept(server: Server, model: OpenAIServer, rows: int = 4, **given: object) -> Experiment:
    """An experiment of two arms in the app's data folder, as one that was cut off before its first run."""
    single = on_server(model, SINGLE)
    with closing(Runs(open_store(server.folder / "data"))) as runs:
        made = make_experiment(keep_rows(runs.store, rows), single, single, at_once=2, **given)
        runs.store.put(EXPERIMENT_KIND, made.id, codec.dumps(made))
    return made


def headline(page: Page):
    return page.locator(".live .headline")


def begin(page: Page) -> None:
    """Resume what has never run: nobody knows yet that the server wants a key, until it refuses to answer without one."""
    page.get_by_role("button", name="Resume").click()
    expect(
        page.get_by_text(re.compile("“Arm A” and “Arm B” were stopped. .* requires an API key"))
    ).to_be_visible(timeout=60_000)  # litellm is imported first
    resume_with_key(page)


def resume_with_key(page: Page) -> None:
    field = page.get_by_label("Key for openai/tiny")
    page.get_by_role("button", name="Resume").click()
    expect(field).to_be_visible()
    field.fill(KEY)
    field.press("Tab")
    page.get_by_role("button", name=re.compile("^Run [0-9]+ runs?$")).click()


def cells(page: Page):
    return page.get_by_role("application", name=re.compile("^Rewards by input and repeat"))


def test_an_experiment_is_paused_reloaded_cancelled_and_turns_into_its_result(
    page: Page, server: Server, model: OpenAIServer
):
    gate = Gate(3)
    model.default = gate
    experiment = kept(server, model, repeats=2)
    app = server.start()
    page.goto(f"{app}/batch?experiment={experiment.id}")
    expect(headline(page)).to_have_text(re.compile("None of 16 runs has ended."))
    begin(page)
    expect(headline(page)).to_contain_text("3 of 16 runs.")
    expect(page.get_by_text("The verdict comes at the end")).to_be_visible()
    assert not re.search("mean|better|beats|verdict: ", page.locator(".live").inner_text())
    expect(page.locator(".arms tbody tr")).to_have_count(2)
    assert serious_findings(page, ".stMain") == []

    page.reload()
    expect(headline(page)).to_contain_text("3 of 16 runs.")
    expect(cells(page)).to_have_accessible_name(re.compile("Arm A: [12] of 8 runs have ended"))
    page.get_by_role("button", name="Pause").click()
    expect(headline(page)).to_have_text("Pausing: 2 runs under way will end first. 3 of 16 runs have ended.")
    model.default = Gate(1)
    gate.opened.set()
    expect(headline(page)).to_have_text("Paused. 5 of 16 runs are kept, 11 are left.")

    other = page.context.new_page()
    other.goto(page.url)
    expect(headline(other)).to_contain_text("Paused.")
    resume_with_key(page)  # the reload has discarded it
    expect(headline(page)).to_contain_text("6 of 16 runs.")
    expect(headline(other)).to_contain_text("6 of 16 runs.")
    expect(other.get_by_role("button", name="Pause")).to_be_visible()
    other.close()
    page.get_by_role("button", name="Cancel").click()
    expect(headline(page)).to_have_text(
        "Cancelled. 6 of 16 runs are kept; nothing that finished is paid for again."
    )
    assert serious_findings(page, ".stMain") == []

    model.default = answer
    page.get_by_role("button", name="Resume").click()  # this session has the key
    expect(page.locator(".live .headline")).to_have_count(0)
    expect(page.get_by_role("button", name=re.compile("Pause|Resume"))).to_have_count(0)


def test_cells_open_their_runs_by_mouse_and_keys_and_failed_ones_run_again(
    page: Page, server: Server, model: OpenAIServer
):
    model.script(status(400, "the first one is refused"))
    model.default = gate = Gate(4)
    experiment = kept(server, model)
    app = server.start()
    page.goto(f"{app}/batch?experiment={experiment.id}")
    begin(page)
    expect(headline(page)).to_contain_text("5 of 8 runs.")
    grid = cells(page)
    grid.focus()
    grid.press("ArrowRight")
    expect(page.locator(".live [role=status]")).to_have_text("Arm A, input 2: reward 1.00.")
    grid.press("ArrowDown")
    expect(page.locator(".live [role=status]")).to_have_text("Arm B, input 2: reward 1.00.")
    grid.press("End")
    expect(page.locator(".live [role=status]")).to_have_text("Arm B, input 4: not run yet.")
    grid.press("Enter")
    grid.press("Home")
    grid.press("ArrowUp")
    expect(page.locator(".live [role=status]")).to_have_text(re.compile("Arm A, input 1: "))
    grid.press("Enter")
    expect(page).to_have_url(re.compile(f"/run[?]run={experiment.id}-a00001-1$"))
    page.go_back()

    canvas, second = cells(page).locator("canvas"), {"x": 132 + 22 + 8, "y": 18 + 8}
    canvas.hover(position=second)
    expect(page.locator(".live .tip")).to_have_text("Arm A, input 2reward 1.00")
    canvas.click(position=second)
    expect(page).to_have_url(re.compile(f"/run[?]run={experiment.id}-a00002-1$"))
    page.go_back()

    again = page.get_by_role("button", name=re.compile("^Retry 1: request refused, input 1"))
    expect(again).to_be_visible()
    again.click()
    expect(page.locator(".live .wrong table")).to_have_count(0)
    gate.opened.set()
    expect(page.locator(".live .headline")).to_have_count(0)
    expect(page.get_by_text("request refused")).to_have_count(0)
    wait_idle(page)
