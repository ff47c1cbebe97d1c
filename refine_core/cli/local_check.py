"""`refinescope local --check N`: refinements on the small model, half of them by JSON schema and half by chat, and what became of them.

They are ordinary runs of the worked examples: each is recorded, and can be opened. An attempt that fails has to say why; what
says nothing, or what crashes, makes the check fail.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import click

from refine_core.cli.output import CHECK_FAILED, DONE, print_text, quiet_log

if TYPE_CHECKING:
    from refine_core.log.timeline import Advice, Attempt, Call, Timeline
    from refine_core.spec import ModelSpec, ProgramSpec, ReplyFormat

EXAMPLES: Final = ("one_word", "json", "length", "two_stages", "out_of_reach")
ATTEMPTS: Final = 2
MAX_TOKENS: Final = 250
RUN_S: Final = 1800.0
READ, CUT, OTHER = "read", "cut off by max tokens", "in another form or without a value"
_FORMATS: Final = {"json_schema": "JSON schema", "chat": "chat"}
_EXPECTED_ENDS: Final = ("threshold_reached", "attempts_used_up", "every_attempt_failed", "too_many_failures")


def run_check(model: ModelSpec, count: int) -> int:
    """Run them and print each, then the rates. Returns the exit code."""
    from refine_core import runs
    from refine_core.formatting import pluralize

    replies: dict[str, Counter[str]] = {}
    unexplained: list[str] = []
    with quiet_log():
        for number, spec in enumerate(list_programs(model, count), start=1):
            run_id = runs.start(spec)
            runs.join(run_id, RUN_S)
            timeline = runs.timeline(run_id)
            if timeline is None:
                unexplained.append(f"{run_id}: the run cannot be read")
                continue
            for call in timeline.calls:
                if call.reply is not None:
                    replies.setdefault(name_format(call), Counter())[judge_reply(call)] += 1
            print_text(describe_run(number, timeline))
            unexplained += [f"{run_id}: {one}" for one in find_unexplained(timeline)]
    click.echo("")
    for name, judged in sorted(replies.items()):
        click.echo(describe_rate(name, judged))
    if unexplained:
        print_text("\n".join(["", "Not explained:", *unexplained]), err=True)
        return CHECK_FAILED
    click.echo(f"{pluralize(count, 'refinement')}: none crashed, and each failure says why.")
    return DONE


def list_programs(model: ModelSpec, count: int) -> Iterator[ProgramSpec]:
    """The refinements: the examples in turn, each format in turn, with short replies and a compact advice request."""
    from refine_core.spec.examples import EXAMPLES as WORKED

    for i in range(count):
        name = EXAMPLES[i // 2 % len(EXAMPLES)]
        reply_format: ReplyFormat = "chat" if i % 2 else "json_schema"
        spec = WORKED[name].spec
        asked = replace(model, reply_format=reply_format, max_tokens=MAX_TOKENS, temperature=0.7, cache=False)
        yield replace(
            spec,
            title=f"{WORKED[name].title}, by {_FORMATS[reply_format]}",
            model=asked,
            adviser=None,
            judge=None,
            N=ATTEMPTS,
            fail_count=None,
            advice_form="compact",
            example=None,
        )


def name_format(call: Call) -> str:
    """The format that a call asked for, and whether it was a second try after a reply that could not be read."""
    name = f"{call.reply_format[:1].upper()}{call.reply_format[1:]}"
    return f"{name}, asked once more" if call.is_repeat else name


def judge_reply(call: Call) -> str:
    """Whether a reply was in the format that was asked for: READ, CUT or OTHER."""
    if call.parse_failure is None:
        return READ
    return CUT if call.parse_failure.cut else OTHER


def describe_rate(name: str, judged: Counter[str]) -> str:
    """How many replies could be read, and what was the matter with the others."""
    rest = "".join(f", {judged[why]} {why}" for why in (CUT, OTHER) if judged[why])
    return f"{name}: {judged[READ]} of {judged.total()} replies could be read{rest}"


def describe_run(number: int, timeline: Timeline) -> str:
    """What became of one, a line for each thing that happened."""
    from refine_core.messages import describe_error
    from refine_core.stop_summary import stop_summary

    lines = [f"{number:>3}  {timeline.spec.title}: {stop_summary(timeline)}"]
    for attempt in timeline.attempts:
        said = f"failed: {describe_error(attempt.error)}" if attempt.error else f"reward {attempt.reward}"
        lines.append(f"     attempt {attempt.index + 1} {said}")
        if attempt.advice is not None:
            lines.append(f"     advice {describe_advice(attempt.advice)}")
    return "\n".join(lines)


def describe_advice(advice: Advice) -> str:
    """What became of a request for advice."""
    from refine_core.messages import describe_advice_failure

    if advice.error is not None:
        return f"failed: {describe_advice_failure(advice)}"
    return f"for {', '.join(advice.hints) or 'nobody'}"


def find_unexplained(timeline: Timeline) -> Iterator[str]:
    """What went wrong without a sentence that says why, or went wrong by a fault of the app."""
    end = timeline.end
    if end is None or end.reason not in _EXPECTED_ENDS:
        why = end.error.message if end is not None and end.error is not None else ""
        yield f"it ended by {end.reason if end is not None else 'nothing'} {why}"
    for attempt in timeline.attempts:
        yield from _check_attempt(attempt)


def _check_attempt(attempt: Attempt) -> Iterator[str]:
    if attempt.state == "failed" and (attempt.error is None or not attempt.error.message.strip()):
        yield f"attempt {attempt.index + 1} failed and does not say why"
    if attempt.error is not None and attempt.error.blame in ("machine", "code"):
        yield f"attempt {attempt.index + 1}: {attempt.error.type}: {attempt.error.message}"
