"""Which reply format a model keeps: the same small signature in one format after the other until a reply can be parsed.

chat -> JSON schema -> JSON object -> JSON asked for in the prompt only
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from refine_core.adapters import Adapter, ChatAdapter, JSONAdapter, JSONSchemaAdapter, Messages
from refine_core.adapters.read_reply import read_text
from refine_core.connections.connection_test.report import Verdict
from refine_core.errors import LMError, ParseError
from refine_core.lm import BaseLM, Reply
from refine_core.lm.format_refusals import is_about_format
from refine_core.signatures import ensure_signature
from refine_core.spec import ReplyFormat

SIGNATURE: Final = ensure_signature("question -> reason: str, answer: int", "Answer in one short sentence.")
_CHAT, _BY_PROMPT = "Keeps the chat format", "As JSON, asked for in the prompt only"
_SCHEMA, _OBJECT = "As JSON schema", "As JSON object"
_SHORT_TITLES: Final = {
    _CHAT: "chat",
    _SCHEMA: "JSON schema",
    _OBJECT: "JSON object",
    _BY_PROMPT: "JSON in the prompt only",
}
INPUTS: Final = {"question": "How many legs does a spider have?"}

Ask = Callable[[Messages, Mapping[str, object]], Reply | LMError | None]
"""Ask with these parameters beside the model's own; None if no whole reply came in time."""


@dataclass(frozen=True, slots=True)
class FormatResult:
    """The result for one format. works: whether the reply could be parsed; None where that is unknown. why: the reason if not, else ""."""

    title: str
    reply_format: ReplyFormat
    works: bool | None
    why: str = ""

    @property
    def was_cut(self) -> bool:
        """Whether the token limit cut the reply off."""
        return self.why.startswith("it was cut off")


def try_formats(ask: Ask, lm: BaseLM) -> list[FormatResult]:
    """Each format that was tried, in order; the last is the one that works, if any. `lm.formats` remembers what this shows."""
    results: list[FormatResult] = []
    refused: list[tuple[object, LMError]] = []
    for title, reply_format, adapter, params in _questions(lm):
        answer = ask(adapter.format(SIGNATURE, [], INPUTS), params)
        works, why = _judge(adapter, answer)
        results.append(FormatResult(title, reply_format, works, why))
        if isinstance(answer, Reply):
            for stronger, refusal in refused:
                lm.formats.add_refusal(stronger, refusal)
            refused = []
        elif isinstance(answer, LMError) and is_about_format(answer) and params:
            refused.append((params["response_format"], answer))
        elif isinstance(answer, LMError):
            break  # such as a rate limit: it is about no format
        if works:
            lm.formats.json_first = reply_format != "chat"
            break
    return results


def find_format(results: Sequence[FormatResult]) -> ReplyFormat | None:
    """The format that works, or None."""
    return next((one.reply_format for one in results if one.works), None)


def describe_formats(results: Sequence[FormatResult]) -> tuple[Verdict, str]:
    """The verdict, and every result in words."""
    answers = {True: "yes", False: "no", None: "not known"}
    rows = " · ".join(f"{one.title}: {answers[one.works]}" for one in results)
    failed = _reasons(results)
    if chosen := find_format(results):
        how = {"chat": "", "json_schema": " Runs can ask by JSON schema.", "json": " Runs can ask for JSON."}
        return "works", f"{rows}.{how.get(chosen, '')}"
    if any(one.works is None for one in results):
        return "unknown", f"{rows}. {failed}"
    step = "Choose a larger model, or one that is tuned to follow instructions. "
    if all(one.was_cut for one in results):
        step = ""  # the reason says what to raise
    return "fails", f"{rows}. No reply could be read, so attempts will fail. {step}{failed}"


def _reasons(results: Sequence[FormatResult]) -> str:
    """Why formats do not work, each reason once, with the formats where they differ."""
    whose: dict[str, list[str]] = {}
    for one in results:
        if one.why:
            whose.setdefault(one.why, []).append(_SHORT_TITLES[one.title])
    if len(whose) == 1:
        why = next(iter(whose))
        return f"Each time, {why}." if len(results) > 1 else f"{why[:1].upper()}{why[1:]}."
    return "Why: " + "; ".join(f"{why} ({', '.join(names)})" for why, names in whose.items()) + "."


def _questions(lm: BaseLM) -> Iterator[tuple[str, ReplyFormat, Adapter, Mapping[str, object]]]:
    plain = JSONAdapter()
    yield _CHAT, "chat", ChatAdapter(use_json_fallback=False), {}
    if lm.supports("response_format"):
        schema = JSONSchemaAdapter()
        yield _SCHEMA, "json_schema", schema, schema.params(SIGNATURE, lm.supports)
        yield _OBJECT, "json", plain, plain.params(SIGNATURE, lm.supports)
    yield _BY_PROMPT, "json", plain, {}


def _judge(adapter: Adapter, answer: Reply | LMError | None) -> tuple[bool | None, str]:
    """Whether the format works, and why not."""
    if answer is None:
        return False, "it was still writing when the time ran out"
    if isinstance(answer, LMError):
        refused = is_about_format(answer)
        return (False, "the server refuses it") if refused else (None, str(answer).rstrip("."))
    try:
        read_text(adapter, SIGNATURE, answer.text, answer.finish_reason or "", params={})
    except ParseError as error:
        if error.cut:
            return False, error.cut
        missing = " and ".join(error.missing)
        return False, f"the reply lacked {missing}" if missing else "a value has the wrong type"
    return True, ""
