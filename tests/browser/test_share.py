"""Sharing, from one end to the other: files out of the menu, opened from disk, and in again behind a link; many runs at once."""

from __future__ import annotations

import csv
import io
import struct
import zipfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect

from refine_core.store import open_store
from tests.browser.accessibility import serious_findings
from tests.browser.conftest import Server, wait_idle
from tests.logs import hostile, two_stages
from tests.store.stored_runs import summed_up

TWICE = 2  # pixels of a PNG for each of the SVG's


def keep_runs(folder: Path) -> None:
    """Two runs, one with a hostile name and text."""
    first, second = two_stages(), hostile()
    second.records = [replace(record, run_id="run-2") for record in second.records]
    with closing(open_store(folder / "data")) as store:
        for log in (first, second):
            store.append(log.records, summed_up(log.records))
        store.annotate("run-2", lambda one: replace(one, name='../..\\<img src=x onerror="alert(1)">\u202e'))


def download(page: Page, within: Page | Locator, name: str) -> tuple[str, bytes]:
    """Press a button, and return the name and the bytes of the file that comes."""
    with page.expect_download() as coming:
        within.get_by_role("button", name=name, exact=True).click()
    return coming.value.suggested_filename, Path(coming.value.path()).read_bytes()


def test_a_run_leaves_as_files_and_comes_back_behind_its_link(chromium: Browser, server: Server, tmp_path):
    keep_runs(server.folder)
    server.start()
    context = chromium.new_context(
        viewport={"width": 1440, "height": 900}, reduced_motion="reduce", bypass_csp=True
    )
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{server.url}/run?run=run-1&attempt=2&tab=prompts&caller=predictor.answer.1")
    wait_idle(page)
    page.get_by_role("button", name="Share").focus()
    page.keyboard.press("Enter")
    report = share_with_a_field_left_out(page)
    opens_from_disk(chromium, tmp_path, report)
    draws_and_copies(page)
    link, events = copy_link_and_events(page)
    share_many(page, server)
    come_back(page, link, events.decode())
    context.close()
    assert errors == []


def share_with_a_field_left_out(page: Page) -> bytes:
    """By the keyboard; the report, without the answers."""
    fields = page.get_by_text("Fields", exact=True)
    expect(fields).to_be_visible()
    assert serious_findings(page, "[data-testid=stPopoverBody]") == []
    fields.focus()
    page.keyboard.press("Enter")
    page.get_by_role("checkbox", name="answer").focus()
    page.keyboard.press("Space")
    expect(page.get_by_text("Every file says “left out” in place of answer.")).to_be_visible()
    name, report = download(page, page, "Download: One file (HTML)")
    expect(page.get_by_text(f"Downloaded {name}")).to_be_visible()
    assert b"left out" in report
    page.get_by_role("checkbox", name="answer").uncheck()
    expect(page.get_by_text(f"Downloaded {name}")).to_have_count(0)
    return report


def opens_from_disk(chromium: Browser, folder: Path, report: bytes) -> None:
    """Without a network, and without a request."""
    file = folder / "report.html"
    file.write_bytes(report)
    requests: list[str] = []
    disk = chromium.new_context(offline=True).new_page()
    disk.on("request", lambda request: requests.append(request.url))
    disk.goto(file.as_uri())
    expect(disk.get_by_text("Attempt 2").first).to_be_visible()
    assert requests == [disk.url]
    disk.context.close()


def draws_and_copies(page: Page) -> None:
    """The PNG has two pixels for each of the SVG's; the Markdown is in the clipboard."""
    _, svg = download(page, page, "SVG: Chart")
    name, png = download(page, page, "PNG: Chart")
    assert name.endswith(".png")
    width = float(svg.decode().split(' width="', 1)[1].split('"', 1)[0])
    assert struct.unpack(">I", png[16:20])[0] == round(TWICE * width)
    page.get_by_role("button", name="Copy: Markdown").click()
    expect(page.get_by_text("Copied.")).to_have_count(1)
    assert page.evaluate("navigator.clipboard.readText()").startswith("#")


def copy_link_and_events(page: Page) -> tuple[str, bytes]:
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_text("Copied.")).to_have_count(2)
    link = page.evaluate("navigator.clipboard.readText()")
    return link, download(page, page, "Download: Events (JSONL)")[1]


def share_many(page: Page, server: Server) -> None:
    """A table of both runs, and a zip whose names any system takes."""
    page.goto(f"{server.url}/runs")
    boxes = page.locator("tbody input")
    expect(boxes).to_have_count(2)
    for box in boxes.all():
        box.check()
    page.get_by_role("toolbar").get_by_role("button", name="Share").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("2 runs", exact=True)).to_be_visible()
    _, table = download(page, dialog, "Download: Attempts (CSV)")
    rows = csv.DictReader(io.StringIO(table.decode("utf-8-sig")))
    assert {row["run_id"] for row in rows} == {"run-1", "run-2"}
    _, archive = download(page, dialog, "Download: One file (HTML)")
    names = zipfile.ZipFile(io.BytesIO(archive)).namelist()
    assert len(names) == 2
    assert all(name.replace("-", "").replace(".", "").isalnum() for name in names), names


def come_back(page: Page, link: str, events: str) -> None:
    """As on another computer: the link says what to do, and shows what it showed once the file is in."""
    page.goto(link.replace("run-1", "run-9"))
    page.get_by_role("button", name="Import its file").click()
    data = events.replace("run-1", "run-9").encode()
    kind = "application/x-ndjson"
    page.locator("input[type=file]").set_input_files(
        [
            {"name": "whole.jsonl", "mimeType": kind, "buffer": data},
            {"name": "half.jsonl", "mimeType": kind, "buffer": data[: len(data) // 2]},
        ]
    )
    expect(page.get_by_text("Cannot import half.jsonl")).to_be_visible()
    page.get_by_role("button", name="Import 1 run").click()
    expect(page.get_by_role("heading", name="Attempt 2")).to_be_visible()
    expect(page.get_by_role("tab", name="Prompts and replies")).to_have_attribute("aria-selected", "true")
    expect(page.locator(".callers [aria-pressed=true]")).to_contain_text("answer")
    expect(page.locator(".origin")).to_contain_text("imported")
