"""Hostile content in every file: scripts, links, mentions, formulas, bidi controls, ANSI; and rewards that must never run on the way."""

from __future__ import annotations

import ast
import csv
import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refine_core.errors import SpecError
from refine_core.export import FORMATS, RunLog, export_run, import_runs
from refine_core.markdown import block, code, prose
from refine_core.rows.formats.attempts import defuse, undo_defuse
from refine_core.store import MemoryStore
from refine_core.store.listing import Annotation
from tests.hostile_log import hostile_log
from tests.logs import headline

HOSTILE = Path(__file__).parents[1] / "data" / "hostile"
UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
NASTY = {
    "script": "</script><script>alert(1)</script><img src=x onerror=alert(1)>",
    "markdown": "![x](http://evil.test/x.png) [go](http://evil.test) <b>bold</b> **bold** | cell\n# title\n- item",
    "mention": "@everyone see #1, GH-1, me/you#2, deadbeefcafe, www.evil.test and a@evil.test :tada: $x$",
    "fences": "```\n</details>\n@everyone\n``````\n~~~\n<img src=x>",
    "ticks": "`@everyone` ``<img>`` ```",
    "formula": "=HYPERLINK(\"http://evil.test\";A1)\n@SUM(1)\t+cmd|' /C calc'!A0",
    "bidi": "\u202egnihton\u2066x\u2069\u2028\u200b\ufeff",
    "ansi": "\x1b[31mred\x1b[0m\x1b]8;;http://evil.test\x07link\x07\x00\x9b31m",
    "python": "'''\"\"\"\\\n\nimport os; os.abort()\n#",
    "half": "half \ud83d emoji",
}


def outside_code(markdown):
    """What of a Markdown text is not code, for a reader that knows fences and code spans and nothing else."""
    kept, fence = [], ""
    for line in markdown.split("\n"):
        if fence:
            fence = "" if line.strip() == fence else fence
            continue
        opening = re.match(r"(`{3,})[a-z]*$", line)
        if opening:
            fence = opening[1]
        else:
            kept.append(line)
    assert fence == ""
    return re.sub(r"(?<!`)(`+)(?!`)(?:.*?[^`])\1(?!`)", "", "\n".join(kept))


def is_harmless(markdown):
    """Whether nothing outside of code is markup of others, a link, a mention or a reference."""
    text = re.sub(r"</?(details|summary|sub|br)>", "", outside_code(markdown))
    return re.search(r"[<@]|\]\(|://|www\.|#\d|GH-\d|\b[0-9a-f]{7,}\b|!\[", text) is None


@pytest.mark.parametrize("to", FORMATS)
@pytest.mark.parametrize("name", NASTY)
def test_a_run_with_nasty_text_everywhere_is_written(name, to):
    """And nothing in it is markup, hidden or obeyed, where people read it."""
    log = hostile_log(NASTY[name], value=NASTY[name])
    try:
        text = export_run(RunLog(log.records, Annotation(NASTY[name], (NASTY[name],))), to).data
    except SpecError:
        assert to in ("py", "dspy")  # its reward and its rules are no Python
        return
    if to == "parquet":
        return
    shown = text.decode()
    if to in ("html", "svg", "md"):
        assert UNSEEN.search(shown) is None
    if to in ("html", "svg"):
        assert re.search(r"<script|<img|onerror=\"", shown) is None
    if to == "md":
        assert is_harmless(shown)
    if to == "csv":
        for row in csv.reader(io.StringIO(shown.removeprefix("\ufeff"))):
            assert [cell for cell in row if re.match(r"\s*[=@+\t\r]", cell)] == []


@pytest.mark.parametrize("to", ["py", "dspy"])
@pytest.mark.parametrize("name", NASTY)
def test_nasty_text_in_a_script_is_a_text(name, to):
    text = NASTY[name]
    event = headline().records[0].event
    spec = replace(
        event.spec, title=text, inputs={"product": text, "audience": {text: [text]}}, advice_instructions=text
    )
    log = [replace(headline().records[0], event=replace(event, spec=spec))]
    script = export_run(RunLog(log), to).data.decode()
    assert UNSEEN.search(script) is None
    tree = ast.parse(script)
    imported = {a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names}
    assert imported <= {"dspy", "refine_core"}
    assert not any(isinstance(node, ast.Attribute) and node.attr == "abort" for node in ast.walk(tree))


@pytest.mark.parametrize("source", sorted(HOSTILE.glob("h*.py")), ids=lambda path: path.stem)
def test_no_reward_runs_while_its_run_is_written_or_taken_in(source):
    """Each of these would hang, kill or leave something behind."""
    first = headline().records[0]
    spec = replace(first.event.spec, reward=source.read_text("utf-8"))
    records = [replace(first, event=replace(first.event, spec=spec)), *headline().records[1:]]
    files = {to: export_run(RunLog(records), to).data for to in FORMATS}
    for to in ("jsonl", "html"):
        store = MemoryStore()
        import_runs(store, files[to])
        assert store.events("run-1") == records


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60) | st.sampled_from(sorted(NASTY.values())))
def test_any_text_is_harmless_in_markdown(text):
    for written in (prose(text), code(text), f"a\n\n{block(text)}\n\nb"):
        assert is_harmless(written)
        assert UNSEEN.search(written) is None


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("='+-@\t\r\n 1a."), max_size=8) | st.text(max_size=20))
def test_a_defused_text_is_no_formula_and_comes_back(text):
    defused = defuse(text)
    assert undo_defuse(defused) == text
    assert re.match(r"\s*[=+\-@\t\r]", defused) is None or re.fullmatch(r"[+-]?[\d.]+(e[+-]?\d+)?", defused)
