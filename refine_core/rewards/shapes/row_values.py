"""One row inside the worker: its columns, its main output, its prompt, its expected value.

    kept as JSON --Row.fresh--> a row whose values no earlier call can have changed

Standard library only, like everything the worker imports.
"""

from __future__ import annotations

import json
from typing import Any

from refine_core.rewards.shapes.names import EXPECTED, MAIN_OUTPUT, PROMPT, REASONING
from refine_core.rewards.value_codec import decode

MISSING: Any = object()
"""In place of a value that a row does not have."""
_BARE = "expected"


class Row:
    """A row. inputs, prediction, expected: name -> value; whoever hands one of these out hands out a copy.

    shared: what the functions that score it hand on to one another; new for each scoring, None outside of one.
    An expected value without a name is `expected`, and has the names under which the source looks for one as well.
    """

    __slots__ = (
        "_columns", "_encoded", "_main", "_prompt", "_text", "expected", "group", "inputs", "is_bare", "prediction", "shared",
    )  # fmt: skip

    def __init__(self, encoded: list[Any], names: list[str]) -> None:
        """encoded: [group, inputs, prediction, {"named": …} or {"bare": …} or None], values as value_codec.py writes them."""
        self.group, inputs, prediction, expected = encoded
        is_flat = _is_flat(inputs) and _is_flat(prediction) and _is_flat(_inner(expected))
        self._encoded = None if is_flat else (encoded, names)
        self.inputs: dict[str, Any] = inputs if is_flat else decode(inputs)
        self.prediction: dict[str, Any] = prediction if is_flat else decode(prediction)
        self.is_bare = isinstance(expected, dict) and "bare" in expected
        named = _inner(expected) if is_flat else decode(_inner(expected))
        if self.is_bare:
            value = named[_BARE]
            named = {_BARE: value, **{name: value for name in names if name not in self.inputs}}
        self.expected: dict[str, Any] = named
        self._columns: dict[str, Any] | None = None
        self._main = self._text = self._prompt = MISSING
        self.shared: dict[str, Any] | None = None

    def fresh(self) -> Row:
        """The row as it was given: itself if nothing in it can be changed."""
        return self if self._encoded is None else Row(*self._encoded)

    @property
    def columns(self) -> dict[str, Any]:
        """Inputs and expected values by name; the expected one where both have the name."""
        if self._columns is None:
            self._columns = {**self.inputs, **self.expected}
        return self._columns

    @property
    def main(self) -> Any:
        """The main output as it was recorded."""
        if self._main is MISSING:
            self._main = self._find_main()
        return self._main

    @property
    def text(self) -> str:
        """The main output as text: of chat messages, the last one of the assistant."""
        if self._text is MISSING:
            self._text = last_reply(self.main) if is_chat(self.main) else to_text(self.main)
        return self._text  # type: ignore[no-any-return]  # set above

    @property
    def prompt(self) -> Any:
        """What was asked: the column that is called so, or the only input; else all inputs, a line each."""
        if self._prompt is MISSING:
            self._prompt = self._find_prompt()
        return self._prompt

    @property
    def messages(self) -> bool:
        """Whether the prompt is a list of chat messages."""
        return isinstance(self.prompt, list)

    def expected_value(self) -> Any:
        """The expected value: the only one, or the one with the most usual name; all of them as a dict otherwise."""
        expected = self.expected
        if self.is_bare:
            return expected[_BARE]
        if len(expected) == 1:
            return next(iter(expected.values()))
        for name in EXPECTED:
            if name in expected:
                return expected[name]
        return dict(expected) if expected else MISSING

    def input_value(self) -> Any:
        """The only input, or all as a dict."""
        return next(iter(self.inputs.values())) if len(self.inputs) == 1 else dict(self.inputs)

    def _find_main(self) -> Any:
        prediction = self.prediction
        if len(prediction) == 1:
            return next(iter(prediction.values()))
        both = [name for name in prediction if name in self.expected]
        if len(both) == 1:
            return prediction[both[0]]
        for name in MAIN_OUTPUT:
            if name in prediction:
                return prediction[name]
        names = [name for name in prediction if name not in REASONING] or list(prediction)
        return prediction[names[-1]] if names else None

    def _find_prompt(self) -> Any:
        inputs = self.inputs
        for name in PROMPT:
            if name in inputs:
                return inputs[name]
        if len(inputs) == 1:
            return next(iter(inputs.values()))
        return "\n".join(f"{name}: {to_text(value)}" for name, value in inputs.items())


def is_chat(value: Any) -> bool:
    """Whether a value is a list of chat messages, as conversational data sets hold completions."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(one, dict) and "role" in one and "content" in one for one in value)
    )


def last_reply(messages: list[dict[str, Any]]) -> str:
    """What the assistant said at last; the last message where it said nothing. Of a content in parts, the texts."""
    replies = [one for one in messages if one["role"] in ("assistant", "ai")] or messages
    content = replies[-1]["content"]
    if not isinstance(content, list):
        return to_text(content)
    parts = [
        part if isinstance(part, str) else part.get("text")
        for part in content
        if isinstance(part, (str, dict))
    ]
    return "".join(part for part in parts if isinstance(part, str))


def to_text(value: Any) -> str:
    """A value as the text that a framework would have recorded: itself, JSON for lists and dicts, "" for None."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, (dict, list, tuple)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _inner(expected: Any) -> dict[str, Any]:
    if expected is None:
        return {}
    return expected["named"] if "named" in expected else {_BARE: expected["bare"]}


def _is_flat(fields: dict[str, Any]) -> bool:
    return not any(isinstance(value, (dict, list)) for value in fields.values())
