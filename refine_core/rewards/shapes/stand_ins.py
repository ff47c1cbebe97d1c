"""Small objects in place of the frameworks' own, with the attributes that rewards read.

Standard library only, like everything the worker imports.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from refine_core.rewards.arguments import Columns, Example
from refine_core.rewards.shapes.row_values import Row, is_chat, to_text


class Target(list[str]):
    """Inspect's Target: a list of texts; `text` joins them."""

    @property
    def text(self) -> str:
        """All of them as one text."""
        return "".join(self)


class Parser:
    """In place of verifiers' Parser, where the source binds none: the answer is the last reply as it is."""

    def parse(self, text: str) -> str:
        """The text."""
        return text

    def parse_answer(self, completion: Any) -> str:
        """The text of the last assistant message."""
        if isinstance(completion, str):
            return completion
        replies = [one["content"] for one in completion if one.get("role") == "assistant"]
        return replies[-1] if replies else ""

    def get_assistant_messages(self, completion: Any) -> list[Any]:
        """Messages of the assistant."""
        return [one for one in completion if one.get("role") == "assistant"]


def messages_of(prompt: Any) -> list[Any]:
    """A prompt as chat messages."""
    return prompt if isinstance(prompt, list) else [{"role": "user", "content": to_text(prompt)}]


def prompt_text(prompt: Any) -> str:
    """A prompt as text: of messages, the last one of the user."""
    if not isinstance(prompt, list):
        return to_text(prompt)
    texts = [one.get("content") for one in prompt if isinstance(one, dict) and one.get("role") == "user"]
    return to_text(texts[-1]) if texts else ""


def completion_of(row: Row, *, as_messages: bool) -> Any:
    """The output as TRL and verifiers hand it over: text for a text prompt, else a list with one message.

    Messages that were recorded stay what they are.
    """
    if is_chat(row.main):
        return row.main
    if as_messages or row.messages:
        return [{"role": "assistant", "content": row.text}]
    return row.text


def prompt_of(row: Row, *, as_messages: bool) -> Any:
    """The prompt in the same form."""
    return messages_of(row.prompt) if as_messages else row.prompt


def make_run(row: Row) -> Any:
    """LangSmith's Run."""
    return SimpleNamespace(
        id="", name="", inputs=Columns(row.inputs), outputs=Columns(row.prediction), error=None, child_runs=[],
        extra={}, metadata={}, tags=[],
    )  # fmt: skip


def make_example(row: Row) -> Any:
    """LangSmith's Example."""
    return SimpleNamespace(id="", inputs=Columns(row.inputs), outputs=Columns(row.expected), metadata={})


def make_state(row: Row) -> Any:
    """Inspect's TaskState."""
    text = row.text
    message = SimpleNamespace(role="assistant", content=text, text=text)
    asked = [
        SimpleNamespace(
            role=one.get("role", "user"), content=one.get("content", ""), text=to_text(one.get("content"))
        )
        for one in messages_of(row.prompt)
        if isinstance(one, dict)
    ]
    choice = SimpleNamespace(message=message, stop_reason="stop")
    output = SimpleNamespace(
        completion=text,
        choices=[choice],
        message=message,
        stop_reason="stop",
        model="",
        usage=None,
        error=None,
    )
    question = prompt_text(row.prompt)
    return SimpleNamespace(
        output=output, input=row.prompt, input_text=question, user_prompt=SimpleNamespace(text=question, content=question),
        messages=[*asked, message], metadata=Columns(row.columns), store={}, sample_id=0, epoch=1, model="",
        choices=[], tools=[], completed=True,
    )  # fmt: skip


def make_target(expected: Any) -> Target:
    """Inspect's Target."""
    several = isinstance(expected, (list, tuple))
    return Target(to_text(one) for one in (expected if several else [expected]))


def make_test_case(row: Row, expected: Any) -> Any:
    """DeepEval's LLMTestCase."""
    column = row.columns.get
    return SimpleNamespace(
        input=prompt_text(row.prompt), actual_output=row.text, expected_output=None if expected is None else to_text(expected),
        context=column("context"), retrieval_context=column("retrieval_context"), tools_called=column("tools_called"),
        expected_tools=column("expected_tools"), additional_metadata=Columns(row.columns), name=None, comments=None,
    )  # fmt: skip


def make_trace(row: Row) -> Any:
    """The trace of verifiers 0.4."""
    text = row.text
    asked = messages_of(row.prompt)
    return SimpleNamespace(
        last_reply=text.strip(), info={}, messages=[*asked, {"role": "assistant", "content": text}], error=None,
        reward=0.0, metrics={},
    )  # fmt: skip


def make_task(row: Row) -> Example:
    """The task of verifiers 0.4: the row's columns by attribute."""
    return Example({"prompt": row.prompt, **row.columns})


def make_trainer_state() -> Any:
    """TRL's state of the trainer, at its beginning."""
    return SimpleNamespace(global_step=0, epoch=0.0, max_steps=0, num_train_epochs=1, log_history=[])
