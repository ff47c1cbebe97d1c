"""OpenAI: output items of an eval run, and the output of a batch. By the fields that its reference documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from refine_core.rows.formats.base import (
    Format,
    NoOutputError,
    Values,
    as_object,
    name_of,
    single,
    split_expected,
    text_of,
)
from refine_core.rows.mapping import number_of
from refine_core.rows.row import Row


def _is_item(names: frozenset[str], values: Values) -> bool:
    return values.get("object") == "eval.run.output_item" or {"datasource_item", "sample", "results"} <= names


def _item_rows(values: Values, number: int, place: str) -> Iterator[Row]:
    sample = as_object(values.get("sample"), "output")
    output = [one for one in sample.get("output") or () if isinstance(one, Mapping)]
    if not output:
        error = as_object(sample.get("error"), "message").get("message")
        raise NoOutputError(
            f"it has no output: {error or values.get('status') or 'the model gave no answer'}"[:300]
        )
    inputs, expected = split_expected(as_object(values.get("datasource_item"), "item"))
    results = [one for one in values.get("results") or () if isinstance(one, Mapping)]
    scores = {_grader(one, i): number_of(one.get("score"), "score") for i, one in enumerate(results, 1)}
    known = {name: score for name, score in scores.items() if score is not None}
    reward, parts = single(known, scores)
    reasons = [str(one["reason"]) for one in results if one.get("reason")]
    yield Row(
        id=str(values.get("id") or number),
        group=name_of(values.get("datasource_item_id")),
        inputs=inputs,
        prediction={"output_text": text_of(output[-1].get("content"))},
        expected=expected,
        reward=reward,
        parts=parts,
        source=place,
        feedback="\n".join(reasons),
    )


def _grader(result: Mapping[str, Any], number: int) -> str:
    """A grader's name, without the id that the server adds to it."""
    name = str(result.get("name") or result.get("type") or f"grader {number}")
    head, _, tail = name.rpartition("-")
    return head if head and len(tail) >= 32 else name  # noqa: PLR2004  # a uuid without its dashes


def _is_batch(names: frozenset[str], values: Values) -> bool:
    return {"custom_id", "response"} <= names and isinstance(values["response"], Mapping | None)


def is_batch_input(values: Values) -> bool:
    """Whether a record is a request of a batch: what the batch's output is joined with."""
    return {"custom_id", "method", "url", "body"} <= set(values) and isinstance(values["body"], Mapping)


def request_of(values: Values) -> tuple[dict[str, Any], dict[str, Any]]:
    """Inputs, and what is expected, of the record that bears a custom_id: a request of a batch, or a row of any table of one's own."""
    if not is_batch_input(values):
        inputs, expected = split_expected(values)
        return {name: value for name, value in inputs.items() if name != CUSTOM_ID}, expected
    body = values["body"]
    prompt = next((body[key] for key in ("messages", "input", "prompt") if body.get(key) is not None), None)
    instructions = {"instructions": body["instructions"]} if body.get("instructions") else {}
    inputs, expected = split_expected(as_object(body.get("metadata"), "metadata"))
    return {"prompt": prompt, **instructions, **inputs}, expected


def _batch_rows(values: Values, number: int, place: str) -> Iterator[Row]:
    response = as_object(values.get("response"), "body")
    body = as_object(response.get("body"), "text")
    replies = [text for text in _replies(body) if text is not None]
    if not replies:
        error = as_object(values.get("error") or body.get("error"), "message").get("message")
        raise NoOutputError(f"it has no output: {error or 'the model gave no answer'}"[:300])
    for reply in replies:
        yield Row(
            id=str(values.get(CUSTOM_ID) or number),
            group=name_of(values.get(CUSTOM_ID)) if len(replies) > 1 else None,
            inputs={CUSTOM_ID: values.get(CUSTOM_ID)},
            prediction={"output_text": reply},
            source=place,
        )


def _replies(body: Values) -> Iterator[object]:
    """What the model said: a text a choice, of chats and of plain completions; of a response its last message."""
    for choice in body.get("choices") or ():
        if isinstance(choice, Mapping):
            message = as_object(choice.get("message"), "content")
            yield text_of(message.get("content")) if message else choice.get("text")
    items = [one for one in body.get("output") or () if isinstance(one, Mapping)]
    messages = [one for one in items if one.get("type") in ("message", None)]
    if messages:
        yield text_of(messages[-1].get("content"))


CUSTOM_ID: Final = "custom_id"
"""What an output and its request have in common."""

ITEM: Final = Format("OpenAI eval output items", _is_item, _item_rows)
BATCH: Final = Format(
    "OpenAI batch output",
    _is_batch,
    _batch_rows,
    lambda row: (  # noqa: ARG005
        "A batch's output holds no prompts and no right answers: the only input is custom_id. Its prompts are in the batch's input."
    ),
)
