"""What was sent to the models in an attempt, and what came back: prompts, replies, retries, what they cost.

caller_sections(view, timeline, attempt, caller) -> [Section]        one section a call: sent | reply
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from pages.shared.attempt.blocks import Block, PieceKind, Section, View, count_characters, note
from pages.shared.attempt.changes import mark_changes
from refine_core.errors import Charge
from refine_core.formatting import (
    format_cost,
    format_duration,
    format_temperature,
    format_tokens,
)
from refine_core.glossary import GLOSSARY
from refine_core.messages import (
    describe_error,
    describe_format,
    describe_parse_failure,
    describe_retry,
    describe_rollout,
)
from refine_core.runs import (
    ROLES,
    Attempt,
    Call,
    Caller,
    Timeline,
    list_callers,
    message_block,
    output_types,
    prompt_parts,
)

DRAFT_CHARACTERS = 4_000  # of a reply that is being written: its end


def caller_sections(view: View, timeline: Timeline, attempt: Attempt, caller: Caller) -> list[Section]:
    """Each call that this caller made, and what was read of the last reply."""
    before = _reply_before(timeline, attempt, caller)
    sections = []
    for i, call in enumerate(caller.calls):
        after = caller.calls[i + 1] if i + 1 < len(caller.calls) else None
        right = [*_reply_blocks(view, call, before), *_verdicts(view, call, after)]
        if after is None:
            right += _result(view, timeline, caller)
        title = f"Asked again, {describe_format(call)}" if call.is_repeat else ""
        sections.append(Section([*_sent(view, call, caller)], right, title))
    return sections or [Section([note("Nothing was sent.")], _result(view, timeline, caller))]


def describe_conversation(call: Call) -> str:
    """The messages and the reply as plain text, to copy."""
    parts = [f"{ROLES.get(m['role'], m['role'])}\n\n{m['content']}" for m in call.messages]
    thought, answer = call.reasoning_and_answer
    parts += [f"Reasoning\n\n{thought}"] if thought else []
    return "\n\n\n".join([*parts, f"Reply\n\n{answer}"])


def _sent(view: View, call: Call, caller: Caller) -> Iterator[Block]:
    for index, parts in groupby(prompt_parts(call, caller.hint), key=lambda part: part.message):
        message = call.messages[index]
        role, text = message["role"], message["content"]
        pieces: list[tuple[PieceKind, str]] = []
        rest = text
        for part in parts:  # blank stretches between the parts are left out of them
            skipped, _, rest = rest.partition(part.text)
            pieces += [("same", skipped)] if skipped else []
            pieces.append(("hint" if part.is_hint else "same", part.text))
        pieces += [("same", rest)] if rest else []
        yield view.text(
            message_block(str(call.span), index),
            text,
            pieces=pieces,
            title=ROLES.get(role, role),
            aside=count_characters(text) if role == "system" else "",
            folded=role == "system",
        )


def _reply_blocks(view: View, call: Call, before: str) -> Iterator[Block]:
    """What came of the call so far; reasoning stands apart, folded once there is an answer."""
    span = str(call.span)
    for retry in call.retries:
        words = f"{describe_retry(retry)}{_charged(retry.charge)}"
        yield view.note(f"retry-{span}-{retry.ordinal}", words, "warning")
    thought, answer = call.reasoning_and_answer
    if thought and (answer or call.reply is not None):
        yield view.text(
            f"thought-{span}", thought, title="Reasoning", aside=count_characters(thought), folded=True
        )
    if call.reply is not None:
        if answer.strip() or not thought:
            yield view.text(
                f"reply-{span}",
                answer,
                pieces=mark_changes(before, answer),
                title="Reply",
                aside=_measures(call),
            )
        else:
            yield note("The reply holds only reasoning.")
        yield note(_terms(call))
    elif call.error is not None:
        yield view.note(f"error-{span}", call.error.message + _charged(call.charge), "error")
    elif call.draft:
        tail = (answer or thought)[-DRAFT_CHARACTERS:]
        yield view.text(f"reply-{span}", tail, title="Reply", aside="Writing …" if answer else "Reasoning …")
    elif call.state == "cut_off":
        yield note("No reply came: the run stopped first.")
    else:
        yield note("Waiting for the model.")


def _verdicts(view: View, call: Call, after: Call | None) -> Iterator[Block]:
    """Whether the reply could be read, and what was done about one that could not."""
    if call.error is not None and after is not None and call.reply_format in ("JSON schema", "JSON object"):
        yield note(f"The reply format was refused, so the question was sent again, {describe_format(after)}.")
    if call.parse_failure is None:
        if call.is_repeat and call.reply is not None:
            yield note("This reply could be read.")
        return
    why, place = describe_parse_failure(call.parse_failure), f"unread-{call.span}"
    if after is not None:
        again = f"The question was sent again, {describe_format(after)}."
        yield view.note(place, f"This reply could not be read: {why}. {again}", "warning")
    elif call.is_repeat:
        yield view.note(place, f"The second reply could not be read either: {why}.", "error")
    else:
        yield view.note(place, f"This reply could not be read: {why}.", "error")


def _result(view: View, timeline: Timeline, caller: Caller) -> list[Block]:
    """What a predictor made of the reply: its fields with their types, or the error."""
    run = caller.run
    if run is None:
        return []
    blocks = []
    if run.error is not None and not any(call.parse_failure or call.error for call in run.calls[-1:]):
        blocks.append(view.note(f"error-{run.span}", describe_error(run.error), "error"))
    if run.outputs is not None:
        types = output_types(timeline.spec, run.name)
        rows = [
            {"name": name, "value": _brief(value), "type": types.get(name, "")}
            for name, value in run.outputs.items()
        ]
        blocks.append(
            Block(f"read-{run.span}", "rows", "Read as", term=GLOSSARY["signature"], rows=tuple(rows))
        )
    return blocks


def _brief(value: object) -> str:
    """What was read, so that one sees at once that it is of its type: "4 items", "132 characters", "39.9"."""
    match value:
        case str():
            return count_characters(value)
        case list() | tuple():
            return f"{len(value):,} item{'' if len(value) == 1 else 's'}"
        case dict():
            return f"{len(value):,} entr{'y' if len(value) == 1 else 'ies'}"
        case _:
            return str(value)[:40]


def _reply_before(timeline: Timeline, attempt: Attempt, caller: Caller) -> str:
    """What the same caller replied in the attempt before; "" where there is none."""
    if attempt.index == 0 or caller.run is None:
        return ""
    before = next((a for a in timeline.attempts if a.index == attempt.index - 1), None)
    same = (
        next((c for c in list_callers(before) if c.key == caller.key), None) if before is not None else None
    )
    return same.calls[-1].reasoning_and_answer[1] if same is not None and same.calls else ""


def _charged(charge: Charge | None) -> str:
    """What an unusable reply cost."""
    if charge is None:
        return ""
    return f" The unusable reply was charged, too: {format_tokens(charge.prompt_tokens, charge.completion_tokens)}, {format_cost(charge.cost_usd)}."


def _measures(call: Call) -> str:
    """Time and tokens of a reply: "0.8 s · 288 in, 52 out"."""
    reply = call.reply
    if reply is None:
        return ""
    counts = (reply.prompt_tokens, reply.completion_tokens)
    tokens = "" if None in counts else f"{counts[0]:,} in, {counts[1]:,} out"
    return " · ".join(filter(None, (format_duration(reply.took_s), tokens)))


def _terms(call: Call) -> str:
    """How the reply was had: model, reply format, temperature, price."""
    reply = call.reply
    if reply is None:
        return ""
    parts = [call.model, _temperature(call)]
    if call.reply_format != "chat":
        parts.insert(1, f"reply format: {call.reply_format}")
    if reply.replayed:
        parts.append("replayed: no model was asked")
    elif reply.cache_hit:
        parts.append("cached")
    else:
        parts.append(format_cost(reply.cost_usd))
    if reply.served_by and reply.served_by != call.model:
        parts.append(f"served by {reply.served_by}")
    if reply.finish_reason == "length":
        parts.append("cut short by the token limit")
    return " · ".join(parts)


def _temperature(call: Call) -> str:
    sent, rollout = call.params.get("temperature"), call.params.get("rollout_id")
    if isinstance(sent, int | float):
        also = f", rollout {rollout}" if isinstance(rollout, int) else ""
        return f"temperature {format_temperature(sent)}{also}"
    return describe_rollout(rollout) if isinstance(rollout, int) else "no temperature sent"


def total_usage(calls: Sequence[Call]) -> str:
    """Tokens and price of some calls: "1,204 tokens in, 52 out · $0.0004"."""
    charges = [charge for call in calls for charge in call.charges]
    if not charges:
        return ""
    prompt = [c.prompt_tokens for c in charges]
    completion = [c.completion_tokens for c in charges]
    costs = [c.cost_usd for c in charges]
    tokens = format_tokens(
        None if None in prompt else sum(n for n in prompt if n is not None),
        None if None in completion else sum(n for n in completion if n is not None),
    )
    cost = format_cost(None if None in costs else sum(c for c in costs if c is not None))
    return " · ".join(filter(None, (tokens, cost)))
