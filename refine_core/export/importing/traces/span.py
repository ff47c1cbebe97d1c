"""One span of a trace, in the words of MLflow's dspy autolog or of OpenInference, as the same thing.

The names of attributes are those of MLflow 3.17 and of openinference-instrumentation-dspy 0.1.48.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from refine_core.spec.secrets import is_secret

_MESSAGE: Final = re.compile(r"llm\.(input|output)_messages\.(\d+)\.message\.(role|content)")
_PARAMETERS: Final = ("temperature", "max_tokens", "rollout_id", "top_p", "stop", "n", "response_format")
"""Of a call of a model, by MLflow an attribute each."""


@dataclass(frozen=True)
class Span:
    """One span. ids: opaque texts. start_s, end_s: seconds since the epoch; end_s None where it never ended.

    error: what it raised, (type, message); None if it returned. attributes: by name, JSON text decoded. raw: the same as they came.
    events: (name, time, attributes as they came) of what happened in it.
    """

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    start_s: float
    end_s: float | None
    error: tuple[str, str] | None
    attributes: Mapping[str, Any]
    raw: Mapping[str, Any] = field(default_factory=dict)
    events: tuple[tuple[str, float, Mapping[str, Any]], ...] = ()

    @property
    def took_s(self) -> float:
        return max((self.end_s if self.end_s is not None else self.start_s) - self.start_s, 0.0)

    @cached_property
    def inputs(self) -> Mapping[str, Any]:
        """The arguments of the call, by name; {} where the trace has none."""
        given = self._first("mlflow.spanInputs", "input.value")
        return given if isinstance(given, Mapping) else {}

    @cached_property
    def outputs(self) -> Any:
        """What the call returned; None where the trace has nothing."""
        return self._first("mlflow.spanOutputs", "output.value")

    @property
    def is_model_call(self) -> bool:
        """Whether a model was asked."""
        return self.attributes.get("mlflow.spanType") == "CHAT_MODEL" or (
            self.attributes.get("openinference.span.kind") == "LLM"
        )

    @property
    def model(self) -> str:
        """The model as litellm calls it; "" if unknown."""
        if isinstance(name := self._first("model", "mlflow.llm.model"), str):
            return name
        name, provider = self._first("llm.model_name"), self._first("llm.provider", "llm.system")
        if not isinstance(name, str):
            return ""
        return f"{provider}/{name}" if isinstance(provider, str) and "/" not in name else name

    @cached_property
    def messages(self) -> tuple[Mapping[str, str], ...]:
        """What the model was sent."""
        given = self.inputs.get("messages")
        if not isinstance(given, Sequence) or isinstance(given, str):
            given = self._numbered("input")
        if not given and isinstance(prompt := self.inputs.get("prompt"), str):
            given = [{"role": "user", "content": prompt}]
        return tuple(_message(one) for one in given if isinstance(one, Mapping))

    @cached_property
    def replies(self) -> tuple[str, ...]:
        """What the model answered."""
        if isinstance(self.outputs, Sequence) and not isinstance(self.outputs, str):
            return tuple(_text(one) for one in self.outputs)
        return tuple(one["content"] for one in map(_message, self._numbered("output")))

    @cached_property
    def parameters(self) -> Mapping[str, Any]:
        """What the model was asked with, without secrets."""
        given = self._first("llm.invocation_parameters")
        if not isinstance(given, Mapping):
            given = {name: self.attributes[name] for name in _PARAMETERS if name in self.attributes}
        return {str(k): v for k, v in given.items() if v is not None and not is_secret(str(k))}

    @property
    def tokens(self) -> tuple[int | None, int | None]:
        """Tokens sent and received; None where unknown."""
        usage = self._first("mlflow.chat.tokenUsage")
        usage = usage if isinstance(usage, Mapping) else {}
        sent = self._first("llm.token_count.prompt", among=usage, other="input_tokens")
        received = self._first("llm.token_count.completion", among=usage, other="output_tokens")
        return _whole_number(sent), _whole_number(received)

    def _first(self, *names: str, among: Mapping[str, Any] | None = None, other: str = "") -> Any:
        for name in names:
            if (value := self.attributes.get(name)) is not None:
                return value
        return among.get(other) if among is not None else None

    def _numbered(self, side: str) -> list[Mapping[str, Any]]:
        """OpenInference's messages: an attribute a part, or a list where a table has one."""
        whole = self.attributes.get(f"llm.{side}_messages")
        if isinstance(whole, Sequence) and not isinstance(whole, str):
            return [_unprefixed(one) for one in whole if isinstance(one, Mapping)]
        parts: dict[int, dict[str, Any]] = {}
        for name, value in self.attributes.items():
            if (found := _MESSAGE.fullmatch(name)) and found[1] == side:
                parts.setdefault(int(found[2]), {})[found[3]] = value
        return [parts[number] for number in sorted(parts)]


def decode(value: Any) -> Any:
    """An attribute: text that is JSON of a mapping, a list, a number or quoted text is decoded."""
    if isinstance(value, str) and value[:1] in '{["-0123456789tfn':
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _unprefixed(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """{"message.role": …} or {"message": {"role": …}} as {"role": …}."""
    inner = message.get("message")
    if isinstance(inner, Mapping):
        return inner
    return {name.removeprefix("message."): value for name, value in message.items()}


def _message(message: Mapping[str, Any]) -> dict[str, str]:
    content = message.get("content")
    return {
        "role": str(message.get("role") or "user"),
        "content": content if isinstance(content, str) else json.dumps(content, ensure_ascii=False),
    }


def _text(reply: Any) -> str:
    if isinstance(reply, Mapping):
        reply = reply.get("text")
    return reply if isinstance(reply, str) else json.dumps(reply, ensure_ascii=False)


def _whole_number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
