"""The whole file: why the run stopped, what it was, the timeline, the attempts, the program, and the events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from refine_core import __version__
from refine_core.export.chart import draw_chart
from refine_core.export.chart.legend import list_legend
from refine_core.export.markup import NOTHING, Markup, element, join
from refine_core.export.report.attempts import FOLDED_FROM, write_attempts
from refine_core.export.report.embedding import embed_events
from refine_core.export.report.opening import list_sentences, write_opening
from refine_core.export.report.program import write_program
from refine_core.export.report.styles import write_styles
from refine_core.export.report.table import write_table
from refine_core.export.report.what_ifs import write_what_ifs
from refine_core.figures import build_figure, build_story, describe_figure
from refine_core.log.folds import cut_short, timeline
from refine_core.log.scope import Record
from refine_core.log.summaries import title_of
from refine_core.log.timeline import Timeline
from refine_core.runs.kept_what_ifs import KeptWhatIf
from refine_core.store.listing import NO_ANNOTATION, Annotation

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_WIDE_PX, _SLIM_PX = 860, 358


def write_html(
    records: Sequence[Record], *, annotation: Annotation = NO_ANNOTATION, what_ifs: Sequence[KeptWhatIf] = ()
) -> str:
    """The run as one HTML file.

    records: its whole log. annotation: its name and tags go with it, a person's note does not. what_ifs: those kept beside it.
    It writes what it is given: `export_run` leaves things out and hides keys first. A run without an end is written as far as it went. Raises ValueError for a log without a beginning.
    """
    run = timeline(records)
    if run is None:
        raise ValueError("the log has no beginning")
    if run.end is None:
        run = cut_short(run)
    title = annotation.name or title_of(run.spec)
    head = join(
        (
            element("meta", charset="utf-8"),
            element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
            element("meta", name="viewport", content="width=device-width,initial-scale=1"),
            element("meta", name="generator", content=f"Refinescope {__version__}"),
            element("title", f"{title}: {list_sentences(run)[0]}"),
            element("style", Markup(write_styles())),
        )
    )
    body = element(
        "body",
        element("main", *_write_main(run, title, annotation.tags, what_ifs)),
        Markup(embed_events(records, annotation)),
    )
    return f"<!doctype html>\n{element('html', element('head', head), body, lang='en')}\n"


def _write_main(
    run: Timeline, title: str, tags: Sequence[str], what_ifs: Sequence[KeptWhatIf]
) -> Iterator[Markup]:
    story = build_story(run, live=False, fields=False)
    yield element("a", "Skip to the attempts", href="#attempts", cls="skip")
    yield from write_opening(run, title, tags)
    yield from _write_timeline(run)
    yield element("h2", "Attempts", id="attempts")
    if run.attempts:
        yield write_table(run, story)
        yield _write_switch(run)
        yield from write_attempts(run, story)
    else:
        yield element("p", "No attempt had begun.", cls="m")
    yield from write_what_ifs(run, what_ifs)
    yield from write_program(run)
    less = ", without what was left out" if run.left_out else ""
    yield element(
        "p",
        f"Written by Refinescope {__version__}. Run {run.run_id}. This file holds every event of the run{less}: "
        "import it on the Runs page of Refinescope to open it there.",
        cls="m s foot",
    )


def _write_timeline(run: Timeline) -> Iterator[Markup]:
    figure = build_figure(run)
    yield element("h2", "Timeline")
    yield element("p", describe_figure(run, live=False), cls="sr")
    yield draw_chart(run, _WIDE_PX, cls="wide", link="#a", figure=figure)
    yield draw_chart(run, _SLIM_PX, cls="slim", link="#a", figure=figure)
    entries = [join((entry, " ")) for entry in _write_legend(run, figure)]
    yield element("p", *entries, cls="m s legend")


def _write_legend(run: Timeline, figure: Mapping[str, Any]) -> Iterator[Markup]:
    """What the marks of this very chart mean."""
    for mark, colour, meaning in list_legend(run, is_matrix=figure["drawings"]["columns"] is None):
        shown = (element("span", mark, cls=f"k c-{colour}"), " ") if mark else ()
        yield element("span", *shown, meaning)


def _write_switch(run: Timeline) -> Markup:
    """The checkbox that opens all that is folded; the style sheet does it."""
    what = (
        "all attempts, prompts and replies" if len(run.attempts) >= FOLDED_FROM else "all prompts and replies"
    )
    if not any(attempt.all_calls for attempt in run.attempts):
        return NOTHING
    return element(
        "label",
        element("input", type="checkbox", id="all"),
        f" Show {what}, on screen and in print",
        cls="tog s m",
    )
