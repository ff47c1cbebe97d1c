"""The attempts as a table: each leads to its own words below."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from refine_core.export.chart.legend import MARKS
from refine_core.export.markup import NOTHING, Markup, element, join
from refine_core.export.report.rows import AttemptRow, list_rows, output_title
from refine_core.export.report.values import mark_left_out
from refine_core.figures import Story, StoryRow
from refine_core.figures.story_parts import PartCell
from refine_core.figures.text import shorten
from refine_core.log.timeline import Attempt, Timeline

_FAILURE: Final = 140
_HINT: Final = 120  # characters of a hint; the whole of it stands below


def write_table(run: Timeline, story: Story) -> Markup:
    """A row an attempt: temperature, what it said, its reward in parts."""
    rollout = run.uses_rollouts
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
        element("th", output_title(run), scope="col"),
        element("th", "tokens", cls="n hp", scope="col"),
    ]
    told = {row.attempt: row for row in story.rows}
    rows = []
    before: Attempt | None = None
    for row in list_rows(run):
        rows.append(_row(row, told[row.attempt.index], _hints(run, row.attempt, before)))
        before = row.attempt
    return element(
        "div",
        element(
            "table",
            element(
                "caption",
                "Every attempt, with its reward, what it answered and the hint that it got",
                cls="sr",
            ),
            element("thead", element("tr", *heads)),
            element("tbody", *rows),
        ),
        cls="w",
        role="region",
        aria_label="Table of attempts",
        tabindex="0",
    )


def _hints(run: Timeline, attempt: Attempt, before: Attempt | None) -> Sequence[Markup]:
    """The beginning of each hint that the attempt got; of one that the attempt before had as well, only that."""
    given = attempt.real_hints
    if given and before is not None and given == before.real_hints:
        return (element("div", f"with the same {'hint' if len(given) == 1 else 'hints'}", cls="told m s"),)
    several = len(run.predictors) > 1
    edited = ", edited by hand"
    return [
        element(
            "div",
            element(
                "span",
                "with the hint",
                f" for {name}" if several else "",
                edited if name in attempt.edited_hints else "",
                ": ",
            ),
            mark_left_out(shorten(hint, _HINT)),
            cls="told m s",
        )
        for name, hint in given.items()
    ]


def _row(row: AttemptRow, told: StoryRow, hints: Sequence[Markup]) -> Markup:
    attempt = row.attempt
    number = attempt.index + 1
    mark, colour = MARKS[row.outcome]
    words = "" if row.words == row.reward else f" {row.words}"
    words += ", returned" if attempt.is_returned else ""
    return element(
        "tr",
        element("th", element("a", str(number), href=f"#a{number}"), cls="n", scope="row"),
        element("td", row.temperature, cls="n hp"),
        element(
            "td",
            element("span", mark, cls=f"k c-{colour}", aria_hidden="true"),
            " ",
            element("b", row.reward),
            element("span", words, cls="sr"),
            cls="n",
        ),
        element("td", row.change, cls=f"n {row.change_style}".rstrip()),
        *_parts(told),
        element(
            "td",
            element("span", "kept · ", cls="m") if attempt.kept else NOTHING,
            mark_left_out(
                row.message or (row.text if attempt.error is None else shorten(row.text, _FAILURE))
            ),
            element("div", mark_left_out(row.more), cls="m s") if row.more else NOTHING,
            *hints,
            cls="bad" if row.message else "",
        ),
        element("td", row.tokens, cls="n hp"),
        cls="r" if attempt.is_returned else "",
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
