"""Prompts and replies of an attempt, folded; text that stood in a prompt before is not written twice, but led to.

Prompts repeat: the same layout, the same reward in each request for advice. A paragraph that an earlier prompt of the file holds
word for word becomes a link to it, so that what is new in a prompt can be seen, and a long run stays a small file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from refine_core.adapters.hint_position import hint_position
from refine_core.export.markup import Markup, element, join
from refine_core.export.report.values import mark_left_out
from refine_core.formatting import format_cost, format_duration, format_temperature, format_tokens, pluralize
from refine_core.hints import is_hint
from refine_core.log.timeline import Attempt, Call
from refine_core.messages import (
    describe_error,
    describe_format,
    describe_parse_failure,
    describe_retry,
    describe_rollout,
)
from refine_core.runs.callers import Caller, list_callers

_ROLES: Final = {"system": "System message", "user": "User message", "assistant": "Example reply"}
_TITLES: Final = {"advice": "Request for advice", "judge": "Request to the judge"}
_PARAGRAPH: Final = re.compile(r".*?(?:\n\s*\n|\Z)", re.DOTALL)
_WORTH: Final = 240  # characters, from which on a link is shorter and no harder to read


@dataclass(slots=True)
class SeenText:
    """Paragraphs of prompts that the file holds already: text -> (where, how to call the place).

    links: whether text is led to that stands elsewhere; if not, each prompt is whole.
    """

    links: bool = True
    places: dict[str, tuple[str, str]] = field(default_factory=dict)

    def write(self, text: str, place: tuple[str, str]) -> Markup:
        """A text of the prompt at `place`, with what stood in an earlier one as a link."""
        if not self.links:
            return mark_left_out(text)
        pieces: list[Markup] = []
        run: list[str] = []  # paragraphs in a row that are known
        source: tuple[str, str] | None = None

        def flush() -> None:
            known = "".join(run)
            if source is not None and len(known) >= _WORTH:
                pieces.append(_same_as(known, source))
            elif known:
                pieces.append(mark_left_out(known))
            run.clear()

        for match in _PARAGRAPH.finditer(text):
            paragraph = match[0]
            if not paragraph:
                continue
            found = self.places.get(paragraph)
            if found is not None and found[0] != place[0]:
                source = found if not run else source
                run.append(paragraph)
                continue
            flush()
            self.places.setdefault(paragraph, place)
            pieces.append(mark_left_out(paragraph))
        flush()
        return join(pieces)


def _same_as(text: str, source: tuple[str, str]) -> Markup:
    lines = len(text.strip("\n").split("\n"))
    where, name = source
    words = f"{pluralize(lines, 'line')}, the same as in {name}" if lines > 1 else f"the same as in {name}"
    return join((element("a", words, href=f"#{where}", cls="same"), "\n\n" if text.endswith("\n\n") else ""))


def write_callers(attempt: Attempt, seen: SeenText) -> Iterator[Markup]:
    """Whoever asked a model in an attempt, each folded: prompt, reply, and what became of it."""
    callers = list_callers(attempt)
    several = sum(caller.run is not None for caller in callers) > 1
    for number, caller in enumerate(callers, 1):
        if not caller.calls:
            continue
        place = f"a{attempt.index + 1}-{number}"
        purpose = caller.calls[0].purpose
        title = _TITLES.get(purpose, "Prompt and reply")
        if caller.label.startswith("adviser inside"):
            title = f"{title}, by a refinement inside the program"
        if caller.run is not None and several:
            title = f"{title}: {caller.label}"
        label = f"attempt {attempt.index + 1}"
        body = [_write_call(caller, call, seen, (place, label)) for call in caller.calls]
        summary = element("summary", title, " ", element("span", _measure(caller), cls="m s"))
        yield element("details", summary, *body, cls="c", id=place if seen.links else None)


def _measure(caller: Caller) -> str:
    """Tokens and time of its calls: "321 tokens in, 76 out, 10 ms"."""
    replies = [call.reply for call in caller.calls if call.reply is not None]
    if not replies:
        return "no reply"
    sent = [reply.prompt_tokens for reply in replies]
    got = [reply.completion_tokens for reply in replies]
    tokens = format_tokens(
        None if None in sent else sum(n for n in sent if n), None if None in got else sum(n for n in got if n)
    )
    again = f", asked {len(caller.calls)} times" if len(caller.calls) > 1 else ""
    return f"{tokens}, {format_duration(sum(reply.took_s for reply in replies))}{again}"


def _write_call(caller: Caller, call: Call, seen: SeenText, place: tuple[str, str]) -> Markup:
    parts: list[Markup] = []
    if call.is_repeat:
        parts.append(element("p", f"Asked again, {describe_format(call)}:", cls="m"))
    at = hint_position(call.messages, caller.hint) if is_hint(caller.hint) else None
    for i, message in enumerate(call.messages):
        role, text = message["role"], message["content"]
        parts.append(element("h5", _ROLES.get(role, role)))
        if at is not None and at.message == i:
            before, hint, after = text[: at.start], text[at.start : at.end], text[at.end :]
            shown = join(
                (seen.write(before, place), element("mark", mark_left_out(hint)), seen.write(after, place))
            )
        else:
            shown = seen.write(text, place)
        parts.append(element("pre", shown))
    parts += _write_reply(call)
    return join(parts)


def _write_reply(call: Call) -> Iterator[Markup]:
    for retry in call.retries:
        yield element("p", describe_retry(retry), cls="bad s")
    thought, answer = call.reasoning_and_answer
    if thought and call.reply is not None:
        yield element("h5", "Reasoning")
        yield element("pre", mark_left_out(thought))
    if call.reply is not None:
        yield element("h5", "Reply")
        empty = element("p", "The reply is empty.", cls="m")
        yield element("pre", mark_left_out(answer)) if answer.strip() else empty
        yield element("p", _terms(call), cls="m s")
    elif call.error is not None:
        yield element("p", f"No reply: {describe_error(call.error)}", cls="bad")
    else:
        yield element("p", "No reply came: the run stopped first.", cls="m")
    if call.parse_failure is not None:
        yield element(
            "p", f"This reply could not be read: {describe_parse_failure(call.parse_failure)}.", cls="bad"
        )


def _terms(call: Call) -> str:
    """How the reply was had: model, reply format, temperature, price."""
    reply = call.reply
    if reply is None:
        return ""
    temperature, rollout = call.params.get("temperature"), call.params.get("rollout_id")
    how = [call.model]
    if call.reply_format != "chat":
        how.append(f"reply format: {call.reply_format}")
    if isinstance(temperature, int | float):
        how.append(f"temperature {format_temperature(temperature)}")
    elif isinstance(rollout, int):
        how.append(describe_rollout(rollout))
    if reply.replayed:
        how.append("replayed: no model was asked")
    else:
        how.append("cached" if reply.cache_hit else format_cost(reply.cost_usd))
    if reply.finish_reason == "length":
        how.append("cut short by the token limit")
    return " · ".join(how)
