"""An experiment that has ended, in a real browser: what if over all of it, found again after a reload, left at a press; then more inputs."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import replace

from playwright.sync_api import Page, expect

from refine_core.experiments.running import Experiments
from refine_core.runs import Runs
from refine_core.store import open_store
from tests.browser.conftest import Server
from tests.experiments.engine_parts import REFINED, SINGLE, keep_rows, make_experiment


def run_experiment(server: Server) -> str:
    """One of two arms on the practice model, in the app's data folder."""
    with closing(Runs(open_store(server.folder / "data"))) as runs:
        best = replace(REFINED, strategy="best_of_n", threshold=0.5)
        made = make_experiment(keep_rows(runs.store, 12), SINGLE, best, rows=8)
        known = Experiments(runs)
        known.start(made)
        known.join(made.id, 60.0)
    return made.id


def test_a_what_if_is_marked_kept_over_a_reload_and_left(server: Server, page: Page):
    experiment_id = run_experiment(server)
    page.goto(f"{server.start()}/batch?experiment={experiment_id}")
    page.get_by_role("button", name="What if").click()
    threshold = page.get_by_role("spinbutton", name="Threshold")
    expect(threshold).to_have_value("0.5")
    threshold.fill("0.25")
    threshold.press("Enter")
    mark = page.get_by_text("What if: threshold 0.25")
    expect(mark).to_be_visible()
    expect(page.get_by_text(re.compile("^As recorded: "))).to_be_visible()
    assert "mode=what-if" in page.url
    page.reload()
    expect(mark).to_be_visible()
    page.get_by_role("button", name="As recorded").click()
    expect(mark).to_have_count(0)
    page.wait_for_url(lambda url: "what-if" not in url)
    page.get_by_role("button", name="Add inputs or an arm").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Run 8 more runs").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_text("24 runs")).to_be_visible()
