"""Their side: dspy 2.6.23 as it is, or with listed differences made in it.

python -m tests.parity.theirs           run by the Python of dspy's own environment, by tests.parity.sides
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from functools import cache
from types import SimpleNamespace as Record
from typing import Any

import dspy  # type: ignore[import-not-found]  # it is in an environment of its own

from tests.parity.acting import act, serve
from tests.parity.oracle import Original, Untouched
from tests.parity.playing import Play

_PLAYS: dict[int, Play] = {}  # dspy copies its models deeply, so that they hold a number in place of the play


class Actor(dspy.BaseLM):
    """A model that asks the play what to say."""

    def __init__(self, play: Play, name: str, temperature: float | str | None) -> None:
        super().__init__(name, temperature=temperature, cache=False)
        self.play = id(play)
        if temperature == "missing":
            del self.kwargs["temperature"]

    def forward(self, prompt=None, messages=None, **kwargs):  # noqa: ARG002 - dspy's own signature
        text = _PLAYS[self.play].say(self.model, messages, {**self.kwargs, **kwargs})
        return Record(choices=[Record(message=Record(content=text))], usage={}, model=self.model)


def adapted() -> Any:
    """A user's own adapter, which cannot be made without an argument. Made late: dspy copies methods into subclasses."""

    class Adapted(dspy.ChatAdapter):
        def __init__(self, tone: str) -> None:
            super().__init__()
            self.tone = tone

    return Adapted("friendly")


class Theirs:
    """dspy, as `acting` needs it."""

    names = dspy

    def __init__(self, original: Original | Untouched) -> None:
        self.original = original

    def lm(self, play: Play, name: str, temperature: float | str | None) -> Actor:
        _PLAYS.clear()
        _PLAYS[id(play)] = play
        return Actor(play, name, temperature)

    def adapter(self, name: str | None) -> Any:
        made = {"chat": dspy.ChatAdapter, "json": dspy.JSONAdapter, "a user's own": adapted}
        return made[name]() if name else None

    def refiner(self, strategy: str) -> Callable[..., Any]:
        return {"refine": self.original.Refine, "best_of_n": self.original.BestOfN}[strategy]

    setting = staticmethod(dspy.context)

    def fault(self, error: BaseException) -> str:
        """The error in words that both sides share."""
        text = str(error)
        words = {
            "the reply does not parse": ("Expected dict_keys", "Error parsing field", "Expected a JSON object"),
            "the reward is no number": ("'>' not supported between", "the reward is no number"),
            "no model": ("'NoneType' object has no attribute 'kwargs'", "No LM is loaded"),
            "an input does not fit": ("an input does not fit",),
            "a number makes no sense": ("a number makes no sense",),
            "no prediction": ("the program must return a Prediction",),
        }
        for word, beginnings in words.items():
            if text.startswith(beginnings):
                return word
        if type(error).__name__ == "ValidationError":  # from pydantic, by way of JSONAdapter.parse
            return "the reply does not parse"
        return f"{type(error).__name__}: {error}"


def main() -> None:
    """Serve {"script": …, "switches": names, or None for dspy itself} -> what happened."""
    warnings.simplefilter("ignore")
    dspy.disable_logging()
    dspy.configure_cache(enable_disk_cache=False, enable_memory_cache=False)
    dspy.configure(disable_history=True)

    @cache
    def side(switches: tuple[str, ...] | None) -> Theirs:
        return Theirs(Untouched() if switches is None else Original(switches))

    def run(job: Mapping[str, Any]) -> Any:
        asked = job["switches"]
        theirs = side(None if asked is None else tuple(asked))
        with theirs.original.in_force():
            return act(theirs, job["script"])

    serve(run)


if __name__ == "__main__":
    main()
