"""The attempts as a table: each leads to its own words below."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from refine_core.export.markup import NOTHING, Markup, element, join
from refine_core.export.report.values import mark_left_out
from refine_core.figures import Story, StoryRow, build_ledger
from refine_core.figures.ledger import Row, list_columns
from refine_core.figures.story_parts import PartCell
from refine_core.log.timeline import Timeline

MARKS = {
    "scored": ("●", "scored"),
    "best": ("▲", "best"),
    "stopped": ("■", "best"),
    "failed": ("✕", "failed"),
    "cut_off": ("\N{EN DASH}", "muted"),
    "running": ("◌", "scored"),
    "pending": ("◌", "muted"),
}
"""Outcome -> its mark, and the colour's name."""


def write_table(run: Timeline, story: Story) -> Markup:
    """A row an attempt: temperature, what it said, its reward in parts."""
    rollout = run.uses_rollouts
    output = next(c for c in list_columns(run) if c.key == "text")
    heads = [
        element("th", "#", cls="n", scope="col"),
        element("th", "rollout" if rollout else "temp.", cls="n hp", scope="col"),
        element("th", "reward", cls="n", scope="col"),
        element("th", "change", cls="n", scope="col"),
        *(
            element(
                "th",
                column.name,
                element("br"),
                element("span", column.caption, cls="s"),
                cls="hp",
                scope="col",
            )
            for column in story.columns
        ),
        element("th", output.title, scope="col"),
        element("th", "tokens", cls="n hp", scope="col"),
    ]
    told = {row.attempt: row for row in story.rows}
    rows = [
        _row(row, told[row.attempt], kept=row.attempt < run.kept_attempts)
        for row in build_ledger(run)
        if row.attempt in told
    ]
    return element(
        "div",
        element(
            "table",
            element("caption", "Every attempt, with its reward and what it answered", cls="sr"),
            element("thead", element("tr", *heads)),
            element("tbody", *rows),
        ),
        cls="w",
        role="region",
        aria_label="Table of attempts",
        tabindex="0",
    )


def _row(row: Row, told: StoryRow, *, kept: bool) -> Markup:
    cells = row.cells
    number = row.attempt + 1
    mark, colour = MARKS[row.outcome]
    moved = "ok" if row.cells["change"].text.startswith("+") else "bad" if not cells["change"].quiet else ""
    change = "" if cells["change"].quiet else cells["change"].text
    same = change.startswith("±")
    words = f" {row.words}{', returned' if row.returned else ''}"
    return element(
        "tr",
        element("th", element("a", str(number), href=f"#a{number}"), cls="n", scope="row"),
        element("td", cells["temperature"].text, cls="n hp"),
        element(
            "td",
            element("span", mark, cls=f"k c-{colour}", aria_hidden="true"),
            " ",
            element("b", cells["reward"].text),
            element("span", words, cls="sr"),
            cls="n",
        ),
        element("td", change, cls="n" if same else f"n {moved}"),
        *_parts(told),
        element(
            "td",
            element("span", "kept · ", cls="m") if kept else NOTHING,
            mark_left_out(cells["text"].text if row.message is None else row.message.text),
            cls="bad" if row.message else "",
        ),
        element("td", cells["tokens"].text, cls="n hp"),
        cls="r" if row.returned else "",
    )


def _parts(told: StoryRow) -> Iterator[Markup]:
    for part in told.parts:
        yield element("td", *_meter(part), cls="hp")


def _meter(part: PartCell) -> Sequence[Markup]:
    """A part's points over a bar of its share of the largest seen."""
    if not part.text:
        return (NOTHING,)
    colour = " neg" if part.is_negative else ""
    bar = element("span", cls=f"bar{colour}", style=f"--s:{part.share:.3g}", aria_hidden="true")
    return (join((part.text, bar)),)
