"""Whether a recorder's log tells what the oracle noted: attempts, hints, rewards, failures, prompts, replies, choice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from refine_core import events as ev
from refine_core.log.codec import decode
from tests.parity.sides import difference


class Hidden(str):
    """An error of dspy's that no callback tells of: a log may hold it, or say that it is unknown."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return other == "?" or str.__eq__(self, other)


def compare(played: Mapping[str, Any]) -> str | None:
    """Where log and oracle first differ, in words; None if nowhere. played: what tests.interop.watched sent."""
    logs = [[(path, decode(*encoded)) for path, *encoded in log] for log in played["logs"]]
    return difference([read_log(log) for log in logs], read_notes(played), "run")


def read_log(log: list[tuple[str, ev.Event]]) -> dict[str, Any]:  # noqa: C901, PLR0912 - a case an event
    """A run as the oracle tells it: steps of the outermost refinement, every call of a model, and the end."""
    steps: list[Any] = []
    calls: list[Any] = []
    end: Any = None
    index = 0
    outputs: dict[int, Any] = {}
    requests: dict[str, Any] = {}
    for path, event in log:
        nested = path.count("attempt-") > 1
        match event:
            case ev.LMRequested():
                requests[path] = [list(map(dict, event.messages)), event.params.get("temperature")]
            case ev.LMReplied():
                calls.append([*requests.pop(path), event.text])
            case ev.LMFailed(error=error):
                calls.append([*requests.pop(path), f"{error.type}: {error.message}"])
            case _ if nested:
                continue
            case ev.AttemptStarted():
                index = event.index
                temperature = None if event.fixed_temperature else event.temperature
                steps.append(["attempt", index, temperature, dict(event.hints)])
            case ev.RewardStarted():
                outputs[event.index] = event.outputs
                steps.append(["outputs", event.outputs])
            case ev.RewardScored():
                steps.append(["reward", event.value])
            case ev.LibraryFault(fault="no_threshold"):
                steps.append(["failed", index, "?"])
            case ev.AttemptFailed(error=ev.Fault(type="NotANumber")):
                steps.append(["reward", "nan"])
            case ev.AttemptFailed(error=error):
                steps.append(["failed", event.index, _words(error)])
            case ev.AdviceGiven():
                steps.append(["advice", {**event.advice, **event.dropped}])
            case ev.AdviceFailed(error=error):
                steps.append(["failed", event.after, _words(error)])
            case ev.RunFinished():
                end = outputs.get(event.returned) if event.returned is not None else None
                if event.error is not None:
                    end = f"{event.error.type}: {event.error.message}"
    return {"steps": steps, "calls": calls, "end": end}


def _words(error: ev.Fault) -> str:
    return "?" if error.type == "Unknown" else f"{error.type}: {error.message}"


def read_notes(played: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The oracle's notes as runs, in the same form."""
    runs: list[dict[str, Any]] = []
    notes: list[Mapping[str, Any]] = []
    for note in played["notes"]:
        notes.append(note)
        if note["what"] in ("chosen", "raised"):
            runs.append(_read_run(notes, played["calls"]))
            notes = []
    return runs


def _read_run(notes: list[Mapping[str, Any]], calls: list[Mapping[str, Any]]) -> dict[str, Any]:
    steps: list[Any] = []
    index, before, calls_before = 0, "", 0
    for note in notes:
        match note["what"]:
            case "attempt":
                index = note["index"]
                steps.append(["attempt", index, note["temperature"], note["hints"]])
            case "outputs":
                steps.append(["outputs", note["outputs"]])
            case "reward":
                value = note["value"]
                steps.append(["reward", "nan" if value != value else value])  # noqa: PLR0124 - nan alone differs from itself
            case "failed":
                if before == "reward" and steps[-1][1] != "nan" and not isinstance(steps[-1][1], int | float):
                    steps.pop()  # what dspy cannot compare is no reward
                    before = "outputs"
                # Between a reward and the request for advice, and before the program is called, nobody can see dspy fail.
                unseen = before == "reward" or (before == "attempt" and note["calls"] == calls_before)
                steps.append(["failed", index, Hidden(note["error"]) if unseen else note["error"]])
            case "advice":
                steps.append(["advice", {name: str(text) for name, text in note["advice"].items()}])
        before, calls_before = note["what"], note["calls"]
    mine = calls[notes[0]["calls"] : notes[-1]["calls"]]
    last = notes[-1]
    return {
        "steps": steps,
        "calls": [[one["messages"], one["temperature"], one.get("text", one.get("error"))] for one in mine],
        "end": last["error"] if last["what"] == "raised" else last["outputs"],
    }
