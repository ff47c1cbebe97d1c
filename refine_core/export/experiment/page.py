"""An experiment as one HTML file, which opens anywhere: no script, no request, everything in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from refine_core import __version__
from refine_core.experiments import Snapshot
from refine_core.experiments.progress import build_progress
from refine_core.experiments.result import Result
from refine_core.export.experiment.method import write_inputs, write_method
from refine_core.export.experiment.styles import write_experiment_styles
from refine_core.export.experiment.summary import (
    write_arms,
    write_comparisons,
    write_equal_budget,
    write_failures,
    write_parts,
    write_pictures,
    write_regressions,
)
from refine_core.export.markup import Markup, element, join
from refine_core.export.report.values import mark_left_out
from refine_core.formatting import format_cost, format_duration, format_time, pluralize
from refine_core.left_out import LEFT_OUT

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def write_html(snapshot: Snapshot, result: Result, left_out: Sequence[str] = ()) -> str:
    """The file. It writes what it is given: `experiment_file` leaves things out and hides keys first."""
    title = snapshot.experiment.name
    headline = write_headline(snapshot, result)
    head = join(
        (
            element("meta", charset="utf-8"),
            element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
            element("meta", name="viewport", content="width=device-width,initial-scale=1"),
            element("meta", name="generator", content=f"Refinescope {__version__}"),
            element("title", f"{title}: {headline}"),
            element("style", Markup(write_experiment_styles())),
        )
    )
    body = element("body", element("main", *_write_main(snapshot, result, headline, left_out)))
    return f"<!doctype html>\n{element('html', element('head', head), body, lang='en')}\n"


def write_headline(snapshot: Snapshot, result: Result) -> str:
    """The verdict; while it is at work, how far it is."""
    if not result.is_final:
        return build_progress(snapshot).headline
    return result.verdict.headline


def _write_main(
    snapshot: Snapshot, result: Result, headline: str, left_out: Sequence[str]
) -> Iterator[Markup]:
    yield element("p", mark_left_out(_describe(snapshot)), cls="m s")
    yield element("h1", mark_left_out(headline))
    yield from (element("p", mark_left_out(line), cls="m") for line in result.verdict.details)
    if result.verdict.method:
        yield element("p", result.verdict.method, cls="m s")
    if left_out:
        what = f"Left out before this file was shared: {', '.join(left_out)}. In their place stands "
        yield element("p", what, mark_left_out(LEFT_OUT), ".")
    yield from write_pictures(result)
    main = result.main
    yield element("h2", "Arms", id="arms")
    yield write_arms(result)
    if result.comparisons:
        yield element("h2", "Differences")
        yield write_comparisons(result)
    if main is not None:
        rows = {row.number: row for row in snapshot.dataset.rows[: snapshot.experiment.rows]}
        for title, table in (
            ("At the same budget", write_equal_budget(main)),
            ("Where the difference comes from", write_parts(main)),
            ("Worst regressions", write_regressions(main, rows)),
        ):
            if table:
                yield element("h2", title)
                yield table
    if failures := write_failures(snapshot):
        yield element("h2", "Failures", id="failures")
        yield failures
    yield element("h2", "Inputs", id="inputs")
    yield write_inputs(snapshot)
    yield from write_method(snapshot)
    yield element(
        "p",
        f"Written by Refinescope {__version__}. Experiment {snapshot.experiment.id}. The JSON file of the same experiment runs again with "
        "refinescope batch.",
        cls="m s foot",
    )


def _describe(snapshot: Snapshot) -> str:
    """What it is, in a line: "Headlines · 480 runs · 2026-11-29 14:02 · 7 min · $1.53"."""
    outcomes = snapshot.outcomes.values()
    costs = [one.cost_usd for one in outcomes if one.calls]
    parts = [snapshot.experiment.name, pluralize(len(snapshot.cells), "run")]
    if (worked_s := snapshot.worked_s) is not None:
        first = min(one.ended_at - one.took_s for one in outcomes if one.ended_at)
        parts += [format_time(first), format_duration(worked_s)]
    if costs:
        known = [one for one in costs if one is not None]
        parts.append(format_cost(sum(known)) if len(known) == len(costs) else "cost unknown")
    return " · ".join(parts)
