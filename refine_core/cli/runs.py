"""`refinescope runs [SEARCH]`: the list of runs, as the page Runs has it. It reads the store alone, so it is quick.

SEARCH, filters --Store.search--> ListedRun --> a line each, branches under their parent
"""

from __future__ import annotations

import datetime
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Final, get_args

import click

from refine_core.cli.output import print_json, print_text
from refine_core.cli.terminal import Terminal, one_line, pad, write_table
from refine_core.formatting import format_cost, format_day, format_score, pluralize
from refine_core.store.listing import OUTCOMES, Filters, ListedRun, Sort, SortKey

if TYPE_CHECKING:
    from refine_core.store.listing import RunPage

_MAX: Final = 10_000
_INDEX_S: Final = 5.0  # for which runs that are not in the index yet are read into it
_MODEL: Final = 18
_SORTS: Final = [f"{sign}{key}" for key in get_args(SortKey) for sign in ("", "-")]
_TITLES: Final = ("run", "started", "best", "attempts", "outcome", "model", "cost", "name and inputs")
_RIGHT: Final = frozenset({1, 2, 3, 6})
_ROOM: Final = {1: 60, 3: 76, 5: 90, 6: 104}
"""Place of a column -> columns of a terminal that has room for it."""


@click.command("runs", epilog="Example: refinescope runs kettle --outcome reached --since 7d")
@click.argument("search", nargs=-1)
@click.option("--outcome", multiple=True, type=click.Choice(OUTCOMES), help="How it ended; may be repeated.")
@click.option("--model", multiple=True, metavar="NAME", help="Which model answered; may be repeated.")
@click.option("--tag", multiple=True, metavar="TAG", help="A tag that it has; may be repeated.")
@click.option(
    "--since",
    metavar="WHEN",
    help="Started since then: 2026-11-29, today, yesterday, 7d for seven days, or 12h.",
)
@click.option(
    "--cost-over", type=click.FloatRange(min=0), metavar="USD", help="Cost more than so many dollars."
)
@click.option("--starred", is_flag=True, help="With a star.")
@click.option("--deleted", is_flag=True, help="The deleted ones, which are kept for 30 days.")
@click.option(
    "--sort", type=click.Choice(_SORTS), default="-when", show_default=True, metavar="KEY",
    help=f"One of {', '.join(get_args(SortKey))}; with - before it the other way round.",
)  # fmt: skip
@click.option(
    "--limit", type=click.IntRange(1, _MAX), default=25, show_default=True, help="How many at most."
)
@click.option("--json", "as_json", is_flag=True, help="Print each run as a line of JSON.")
def command(
    *,
    search: tuple[str, ...],
    outcome: tuple[str, ...],
    model: tuple[str, ...],
    tag: tuple[str, ...],
    since: str | None,
    cost_over: float | None,
    starred: bool,
    deleted: bool,
    sort: str,
    limit: int,
    as_json: bool,
) -> None:
    """List the recorded runs, or search them: every word must occur in a run.

    SEARCH looks through names, inputs, outputs, hints, models, tags and notes; its last word may be incomplete.
    A branch stands under the run that it began from. The first column is what other commands take as RUN.
    """
    from refine_core.store import open_store

    filters = Filters(
        outcomes=outcome,
        models=model,
        tags=tag,
        since=None if since is None else read_since(since),
        min_cost_usd=cost_over,
        starred=starred,
        deleted=deleted,
    )
    order = Sort(sort.removeprefix("-"), descending=sort.startswith("-"))  # type: ignore[arg-type]  # click has checked it
    with closing(open_store()) as store:
        for notice in store.notices:
            print_text(notice, err=True)
        page = store.search(" ".join(search), filters, order, limit=limit, index_s=_INDEX_S)
    if as_json:
        for one in page.rows:
            print_json(run_to_row(one))
    else:
        _print(page, Terminal(sys.stdout), filtered=bool(search) or filters != Filters())
    if page.unindexed:
        why = f": {page.index_error}" if page.index_error else "; call this again to read more of them"
        print_text(f"{pluralize(page.unindexed, 'older run')} not in this list yet{why}.", err=True)


def read_since(text: str) -> float:
    """A day, in this machine's zone, as seconds since the epoch: "2026-11-29", "today", "yesterday", "7d", "12h". Raises BadParameter."""
    today = datetime.datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    if text == "today":
        return today.timestamp()
    try:
        if text == "yesterday":
            return (today - datetime.timedelta(days=1)).timestamp()
        if text.endswith("h") and text[:-1].isdecimal():
            return time.time() - 3600 * int(text[:-1])
        if text.endswith("d") and text[:-1].isdecimal():
            return (today - datetime.timedelta(days=int(text[:-1]) - 1)).timestamp()
        return datetime.datetime.fromisoformat(text).astimezone().timestamp()
    except (ValueError, OverflowError, OSError):
        message = f"{text!r} is no day; write 2026-11-29, today, yesterday, 7d or 12h"
        raise click.BadParameter(message, param_hint="--since") from None


def run_to_row(run: ListedRun) -> dict[str, object]:
    """A run of the list as JSON data."""
    summary, spent = run.summary, run.spent
    return {
        "run": run.run_id,
        "name": run.name,
        "title": summary.title,
        "outcome": run.outcome,
        "reason": summary.reason,
        "started_at": summary.started_at,
        "took_s": run.facts.took_s,
        "model": summary.model,
        "strategy": summary.strategy,
        "N": summary.N,
        "threshold": summary.threshold,
        "best": summary.best_reward,
        "rewards": list(summary.rewards),
        "calls": summary.calls,
        "tokens": spent.tokens,
        "cost_usd": spent.cost_usd,
        "inputs": run.facts.inputs,
        "parent": run.facts.parent,
        "fork_attempt": summary.fork_attempt,
        "change": summary.change,
        "tags": list(run.annotation.tags),
        "starred": run.annotation.starred,
        "note": run.annotation.note,
        "imported": run.imported,
        "deleted": run.annotation.deleted_at is not None,
    }


def _print(page: RunPage, terminal: Terminal, *, filtered: bool) -> None:
    if not page.rows:
        _print_nothing(page, terminal, filtered=filtered)
        return
    rows = [_TITLES, *(_cells(run, depth) for run, depth in arrange(page.rows))]
    shown = [i for i in range(len(_TITLES)) if terminal.columns >= _ROOM.get(i, 0)]
    right = frozenset(place for place, i in enumerate(shown) if i in _RIGHT)
    header, *lines = write_table(
        [tuple(row[i] for i in shown) for row in rows], terminal.columns, right=right
    )
    terminal.write(terminal.paint(header, dim=True), *lines)
    count, matching = len(page.rows), page.matching
    if count < matching:
        terminal.write(
            "", f"{count:,} of {pluralize(matching, 'run')}. --limit {min(matching, _MAX)} shows more."
        )


def _print_nothing(page: RunPage, terminal: Terminal, *, filtered: bool) -> None:
    if filtered and page.total:
        terminal.write(f"No run matches; without search and filters there are {page.total:,}.")
    else:
        terminal.write("No runs yet. Start one: refinescope run --example one_word")


def arrange(rows: Sequence[ListedRun]) -> list[tuple[ListedRun, int]]:
    """The runs with their depth: a branch stands below its parent where that is among them, each family where its first one stood."""
    ids = {run.run_id: run for run in rows}

    def parent_of(run: ListedRun) -> str | None:
        above = (
            run.facts.parent,
            run.facts.under,
        )  # the first of the family, where those between are not listed
        return next((one for one in above if one in ids and one != run.run_id), None)

    children: dict[str | None, list[ListedRun]] = {}
    for run in rows:
        children.setdefault(parent_of(run), []).append(run)

    def root(run: ListedRun) -> ListedRun:
        seen = {run.run_id}
        while (parent := parent_of(run)) is not None and parent not in seen:
            seen.add(parent)
            run = ids[parent]
        return run

    arranged: list[tuple[ListedRun, int]] = []
    seen: set[str] = set()
    for first in dict.fromkeys(root(run).run_id for run in rows):
        waiting = [(ids[first], 0)]
        while waiting:
            run, depth = waiting.pop()
            if run.run_id in seen:
                continue
            seen.add(run.run_id)
            arranged.append((run, depth))
            waiting += [(one, depth + 1) for one in reversed(children.get(run.run_id, []))]
    return arranged


def _name(run: ListedRun, depth: int) -> str:
    """What a run is called, and what it was asked; of a branch, where it begins and what it changed."""
    name, inputs = run.name, f" · {run.facts.inputs}" if run.facts.inputs else ""
    begins = run.summary.fork_attempt
    if begins is None:
        return f"{name}{inputs}"
    changed = f"from attempt {begins}{f': {run.summary.change}' if run.summary.change else ''}"
    if depth:  # its parent, just above, has the same title and the same inputs
        return f"{run.annotation.name} · {changed}" if run.annotation.name else changed
    parent = (run.facts.parent or "").rpartition("-")[2]
    return f"{name}, {changed} (of {parent}){inputs}"


def _cells(run: ListedRun, depth: int) -> tuple[str, ...]:
    summary, spent = run.summary, run.spent
    best = "-" if summary.best_reward is None else format_score(summary.best_reward, (summary.threshold,))
    star = "★ " if run.annotation.starred else ""
    branch = f"{'  ' * (min(depth, 4) - 1)}└ " if depth else ""
    imported = "imported: " if run.imported else ""
    tags = f"[{', '.join(run.annotation.tags)}] " if run.annotation.tags else ""
    cost = (
        "-"
        if spent.cost_usd is None
        else f"{'≥ ' if spent.cost_partial else ''}{format_cost(spent.cost_usd)}"
    )
    return (
        one_line(run.run_id.rpartition("-")[2]),
        format_day(summary.started_at),
        best,
        f"{len(summary.rewards)} of {summary.N}",
        run.outcome,
        pad(one_line(summary.model.rpartition("/")[2]), _MODEL).rstrip(),
        cost,
        one_line(f"{branch}{star}{imported}{tags}{_name(run, depth)}"),
    )
