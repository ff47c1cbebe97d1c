"""verifiers 0.4: traces.jsonl, an episode a line with a trace for each agent of it (made with 0.4.0).

A trace is a graph of messages; what counts is the branch that ends last, and the reply that a reward reads as trace.last_reply.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from refine_core.rows.formats.base import (
    EXPECTED,
    Format,
    NoOutputError,
    Values,
    as_object,
    describe_expected,
    name_of,
    text_of,
)
from refine_core.rows.mapping import number_of
from refine_core.rows.row import Row

_GOLD: Final = EXPECTED | {"answer"}
_SETTINGS: Final = frozenset({
    "idx", "id", "name", "description", "image", "workdir", "agent_user", "skills", "network_allow", "network_block", "artifacts",
    "artifact_max_bytes", "timeout", "resources",
})  # fmt: skip
"""What a task says of its box and of itself; the model is not asked it."""


def _is_episode(names: frozenset[str], values: Values) -> bool:
    return {"task", "traces", "env"} <= names and isinstance(values["traces"], list)


def _rows(values: Values, number: int, place: str) -> Iterator[Row]:
    traces = [one for one in values["traces"] if isinstance(one, Mapping)]
    rows = [row for one in traces if (row := _row(values, one, number, place)) is not None]
    if not rows:
        errors = [error for one in (values, *traces) for error in one.get("errors") or ()]
        message = as_object(errors[-1], "message").get("message") if errors else None
        raise NoOutputError(f"it has no output: {message or 'the model gave no answer'}"[:300])
    yield from rows


def _row(episode: Values, trace: Values, number: int, place: str) -> Row | None:
    """A trace as a row; None for one without a reply."""
    branch = _last_branch(trace)
    sampled = [i for i, node in enumerate(branch) if node.get("sampled")]
    replies = [_message(branch[i]) for i in sampled if _message(branch[i]).get("role") == "assistant"]
    root = trace.get("root_reply")
    reply = root if root is not None else text_of(replies[-1].get("content")) if replies else None
    if reply is None:
        return None
    task = as_object(trace.get("task") or episode.get("task"), "data")
    data = as_object(task.get("data"), "prompt")
    agent = as_object(trace.get("agent"), "name").get("name")
    expected = {name: data[name] for name in data if name in _GOLD and data[name] not in (None, "")}
    reward, parts = _scores(trace)
    messages = [_message(node) for node in branch[sampled[0] :]] if sampled else []
    return Row(
        id=str(trace.get("id") or number),
        group=name_of(as_object(episode.get("group"), "id").get("id"))
        or name_of(task.get("key") or task.get("hash")),
        inputs={n: v for n, v in data.items() if n not in _SETTINGS and n not in expected and v is not None},
        prediction={
            "completion": reply.strip() if isinstance(reply, str) else reply,
            **({"messages": messages} if len(messages) > 1 else {}),
        },
        expected=expected,
        reward=reward,
        parts=parts,
        source=f"{place}, {agent}" if agent and len(episode["traces"]) > 1 else place,
    )


def _last_branch(trace: Values) -> list[Mapping[str, Any]]:
    """The messages from the root to the last one that nothing follows."""
    nodes = [node for node in trace.get("nodes") or () if isinstance(node, Mapping)]
    parents = {node.get("parent") for node in nodes}
    at: object = next((i for i in reversed(range(len(nodes))) if i not in parents), None)
    branch: list[Mapping[str, Any]] = []
    while isinstance(at, int) and 0 <= at < len(nodes) and len(branch) < len(nodes):
        branch.append(nodes[at])
        at = nodes[at].get("parent")
    return branch[::-1]


def _message(node: Values) -> Mapping[str, Any]:
    return as_object(node.get("message"), "content")


def _scores(trace: Values) -> tuple[float | None, dict[str, float]]:
    """The weighted sum of the rewards, as the trace counts it, and what it is made of; no reward where nothing was scored."""
    rewards = {
        name: (score, number_of(one.get("weight", 1.0), name) or 0.0)
        for name, one in as_object(trace.get("rewards"), "reward").items()
        if isinstance(one, Mapping) and (score := number_of(one.get("score"), name)) is not None
    }
    metrics = {
        name: value
        for name, one in as_object(trace.get("metrics"), "metric").items()
        if (value := number_of(one, name)) is not None
    }
    total = sum(score * weight for score, weight in rewards.values()) if rewards else None
    parts = {name: score for name, (score, _) in rewards.items()}
    return total, {**(parts if len(parts) > 1 else {}), **metrics}


TRACES: Final = Format("verifiers traces", _is_episode, _rows, describe_expected)
