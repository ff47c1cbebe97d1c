"""The whole file: why the run stopped, what it was, the timeline, the attempts, and the events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from refine_core.export.chart_svg import draw_chart
from refine_core.export.markup import NOTHING, Markup, element, join
from refine_core.export.report.embedding import embed_events
from refine_core.export.report.styles import write_styles
from refine_core.figures import build_figure, describe_figure
from refine_core.figures.text import to_text
from refine_core.formatting import format_temperature, format_time, format_tokens
from refine_core.log.folds import cut_short, timeline
from refine_core.log.scope import Record
from refine_core.log.timeline import Attempt, Call, Timeline
from refine_core.messages import describe_failure, describe_outcome, format_reward, usage_summary
from refine_core.stop_summary import stop_sentences

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def write_html(records: Sequence[Record], *, name: str = "") -> str:
    """The run as one HTML file. records: its whole log. name: a person's name for it.

    Raises ValueError for a log without a beginning.
    """
    run = timeline(records)
    if run is None:
        raise ValueError("the log has no beginning")
    if run.end is None:
        run = cut_short(run)
    headline, *more = stop_sentences(run, alive=False, because="")
    title = name or run.spec.title or "A run"
    figure = build_figure(run)
    alt = describe_figure(run, live=False)
    caption = " · ".join((title, format_time(run.started_at), run.spec.model.label))
    body = join(
        (
            element("p", caption, cls="m s"),
            element("h1", headline),
            element("p", " ".join(more)) if more else NOTHING,
            element("p", f"{usage_summary(run)}.", cls="m"),
            element("h2", "Timeline"),
            element("p", alt, cls="sr"),
            draw_chart(run, 860, cls="wide", link="#a", figure=figure),
            draw_chart(run, 358, cls="slim", link="#a", figure=figure),
            *_attempts(run),
            Markup(embed_events(records)),
        )
    )
    head = join(
        (
            element("meta", charset="utf-8"),
            element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
            element("meta", name="viewport", content="width=device-width,initial-scale=1"),
            element("title", f"{title}: {headline}"),
            element("style", Markup(write_styles())),
        )
    )
    page = element("html", element("head", head), element("body", element("main", body)), lang="en")
    return f"<!doctype html>\n{page}\n"


def _attempts(run: Timeline) -> Iterator[Markup]:
    for attempt in run.attempts:
        reward = (
            describe_outcome(run, attempt) if attempt.reward is None else format_reward(run, attempt.reward)
        )
        heading = f"Attempt {attempt.index + 1}: {reward}{' · returned' if attempt.is_returned else ''}"
        yield element(
            "section",
            element("h2", heading),
            element("p", f"temperature {format_temperature(attempt.temperature)}", cls="m s"),
            element("p", describe_failure(attempt), cls="bad") if attempt.error else NOTHING,
            element("dl", *_outputs(attempt)),
            *(_call(call) for call in attempt.all_calls),
            cls="a",
            id=f"a{attempt.index + 1}",
        )


def _outputs(attempt: Attempt) -> Iterator[Markup]:
    for field, value in (attempt.outputs or {}).items():
        yield element("dt", field)
        yield element("dd", to_text(value))


def _call(call: Call) -> Markup:
    parts = [join((element("h4", m["role"]), element("pre", m["content"]))) for m in call.messages]
    if call.reply is not None:
        parts.append(join((element("h4", "reply"), element("pre", call.reply.text))))
    title = {"advice": "Request for advice", "judge": "Request to the judge"}.get(
        call.purpose, "Prompt and reply"
    )
    sent = (call.reply.prompt_tokens, call.reply.completion_tokens) if call.reply else (None, None)
    return element(
        "details", element("summary", f"{title} ", element("span", format_tokens(*sent), cls="m s")), *parts
    )
