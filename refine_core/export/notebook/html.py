"""A run and a what-if as HTML for Jupyter: no script, no request, styles that stay inside."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any, Final

from refine_core.export.chart import draw_chart
from refine_core.export.chart.legend import MARKS
from refine_core.export.markup import NOTHING, Markup, element, join
from refine_core.export.notebook.refinement import Shown
from refine_core.export.notebook.styles import SCOPE, write_styles
from refine_core.export.report.prompts import SeenText, write_callers
from refine_core.export.report.rows import AttemptRow, list_rows
from refine_core.export.report.values import show_change, show_plain, show_text
from refine_core.figures import Now, build_figure, build_now_marks, describe_figure, describe_now
from refine_core.figures.story_fields import main_field
from refine_core.formatting import pluralize
from refine_core.log.timeline import Attempt, Timeline
from refine_core.runs.what_ifs import RunWhatIf

_WIDTH: Final = 760
_PROMPTS: Final = 30  # attempts, up to which a notebook shows what was sent
_ROWS: Final = 60  # attempts that a notebook lists


def write_run_html(shown: Shown) -> str:
    """The run: why it stopped, the timeline, a row an attempt, and, folded, the prompts and the reward."""
    run = shown.timeline
    headline, *more = shown.sentences
    return _wrap(
        element("p", headline, cls="head"),
        element("p", " ".join(more)) if more else NOTHING,
        element("p", shown.usage, cls="m"),
        _chart(run, live=shown.live),
        _write_table(run) if run.attempts else NOTHING,
        _write_prompts(run),
        _write_reward(run),
    )


def write_what_if_html(what_if: RunWhatIf) -> str:
    """The what-if: what would have happened, over the recorded timeline, and the rewards as recorded and as changed."""
    result, run = what_if.result, what_if.timeline
    now = _now(what_if)
    head = element(
        "tr",
        *(element("th", name, cls="n", scope="col") for name in ("#", "recorded", "now")),
        element("th", "why", scope="col"),
    )
    rows = [_what_if_row(run, row, now) for row in list_rows(run)]
    return _wrap(
        element("p", result.headline, cls="head"),
        element("p", result.case, cls="m"),
        _chart(run, now=now),
        element("table", element("thead", head), element("tbody", *rows[:_ROWS])),
        _left_out(len(rows)),
    )


def _wrap(*parts: Markup) -> str:
    return element("div", element("style", Markup(write_styles())), *parts, cls=SCOPE)


def _chart(run: Timeline, *, live: bool = False, now: Mapping[int, Now] | None = None) -> Markup:
    figure: dict[str, Any] = build_figure(run)
    marks = build_now_marks(run, now) if now else None
    alt = element("p", describe_figure(run, live=live), cls="sr")
    return join((alt, draw_chart(run, _WIDTH, figure=figure, over=marks)))


# ---- the table


def _write_table(run: Timeline) -> Markup:
    names = {main_field(run, attempt) for attempt in run.attempts if attempt.outputs}
    output = f"{names.pop()}, against the attempt before" if len(names) == 1 else "output"
    has_hints = run.spec.hint_source != "none"
    heads = [
        *(
            element("th", name, cls="n", scope="col")
            for name in ("#", "roll." if run.uses_rollouts else "temp.", "reward", "change")
        ),
        element("th", output, scope="col"),
        element("th", "hint", scope="col") if has_hints else NOTHING,
    ]
    rows: list[Markup] = []
    before: Attempt | None = None
    for row in islice(list_rows(run), _ROWS):
        attempt = row.attempt
        rows.append(_row(run, row, before, has_hints=has_hints))
        before = attempt if attempt.outputs else before
    table = element("table", element("thead", element("tr", *heads)), element("tbody", *rows))
    return join((table, _left_out(len(run.attempts))))


def _left_out(count: int) -> Markup:
    more = count - _ROWS
    return (
        element("p", f"{pluralize(more, 'more attempt')} not listed here.", cls="m s")
        if more > 0
        else NOTHING
    )


def _row(run: Timeline, row: AttemptRow, before: Attempt | None, *, has_hints: bool) -> Markup:
    attempt = row.attempt
    mark, colour = MARKS[row.outcome]
    name = main_field(run, attempt)
    if row.message or name == "":
        output = element("span", row.message or row.text, cls="bad")
    elif before is not None and before.outputs is not None and name in before.outputs:
        output = show_change(name, before.outputs[name], (attempt.outputs or {})[name])
    else:
        output = show_plain((attempt.outputs or {})[name])
    hints = [
        element("div", element("b", f"{who}: ") if len(run.predictors) > 1 else NOTHING, show_text(hint))
        for who, hint in attempt.real_hints.items()
    ]
    reward = (element("span", mark, cls=f"c-{colour}"), " ", element("b", row.reward))
    return element(
        "tr",
        element("td", str(attempt.index + 1), cls="n"),
        element("td", row.temperature, cls="n"),
        element("td", *reward, element("span", f" {row.words}", cls="sr"), cls="n"),
        element("td", row.change, cls=f"n {row.change_style}".rstrip()),
        element("td", output, element("div", show_text(row.more), cls="m") if row.more else NOTHING),
        element("td", *hints, cls="m") if has_hints else NOTHING,
        cls="r" if attempt.is_returned else "",
    )


# ---- what is folded


def _write_prompts(run: Timeline) -> Markup:
    calls = len(run.calls)
    if not calls or len(run.attempts) > _PROMPTS:
        return NOTHING
    body: list[Markup] = []
    for attempt in run.attempts:
        body.append(element("p", f"Attempt {attempt.index + 1}", cls="m"))
        body += write_callers(attempt, SeenText(links=False))
    return element("details", element("summary", f"Prompts and replies, {pluralize(calls, 'call')}"), *body)


def _write_reward(run: Timeline) -> Markup:
    if not run.spec.reward:
        return NOTHING
    return element("details", element("summary", "Reward"), element("pre", run.spec.reward.strip("\n")))


# ---- what-ifs


def _now(what_if: RunWhatIf) -> dict[int, Now]:
    """What each attempt would score, as the chart draws it."""
    result, recorded = what_if.result, what_if.timeline.spec.threshold
    chosen = result.returned if result.is_known else result.first
    threshold = result.threshold if result.threshold != recorded else None
    found: dict[int, Now] = {}
    for one in result.attempts:
        if one.state == "never_tried" and result.stop is not None and one.attempt > result.stop:
            continue  # it would not have been made, either
        best = one.attempt == chosen and one.new is not None
        reached = result.threshold is not None and one.new is not None and one.new >= result.threshold
        found[one.attempt - 1] = Now(
            one.new,
            instead=""
            if one.new is not None
            else "never tried"
            if one.state == "never_tried"
            else "no score",
            is_best=best,
            why=one.why,
            is_returned=best and reached and not one.unmet,
            fails=one.error is not None,
            state=one.state,
            because=one.why,
            threshold=threshold,
        )
    return found


def _what_if_row(run: Timeline, row: AttemptRow, now: Mapping[int, Now]) -> Markup:
    one, cell = now.get(row.attempt.index), describe_now(run, row.attempt, now)
    return element(
        "tr",
        element("td", str(row.attempt.index + 1), cls="n"),
        element("td", row.reward, cls="n"),
        element("td", element("b", cell.text if cell is not None else ""), cls="n"),
        element("td", one.why if one is not None else "", cls="m"),
        cls="r" if one is not None and one.is_best else "",
    )
