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

from tests.parity.oracle import Original, Unmodified
from tests.parity.play import Play, to_jsonable
from tests.parity.prompts import cases
from tests.parity.running import act, serve

_PLAYS: dict[int, Play] = {}  # dspy copies its models deeply, so that they hold a number in place of the play


class Actor(dspy.BaseLM):
    """A model that asks the play what to say."""

    def __init__(self, play: Play, name: str, temperature: float | str | None) -> None:
        # litellm knows the one by its name, and with it `response_format`; it does not know the other.
        super().__init__(
            "openai/gpt-4o-mini" if play.script["takes_json"] else name, temperature=temperature, cache=False
        )
        self.name, self.play = name, id(play)
        if temperature == "missing":
            del self.kwargs["temperature"]

    def forward(self, prompt=None, messages=None, **kwargs):
        text = _PLAYS[self.play].say(self.name, messages, {**self.kwargs, **kwargs})
        return Record(choices=[Record(message=Record(content=text))], usage={}, model=self.model)


def adapted() -> Any:
    """A user's own adapter, which cannot be made without an argument. Made late: dspy copies methods into subclasses."""

    class Adapted(dspy.ChatAdapter):
        def __init__(self, tone: str) -> None:
            super().__init__()
            self.tone = tone

    return Adapted("friendly")


class Names:
    """dspy's names, with the Refine that is compared in place of its own."""

    def __init__(self, original: Original | Unmodified) -> None:
        self.Refine, self.BestOfN = original.Refine, original.BestOfN

    def __getattr__(self, name: str) -> Any:
        return getattr(dspy, name)


class Theirs:
    """dspy, as `acting` needs it."""

    def __init__(self, original: Original | Unmodified) -> None:
        self.original, self.names = original, Names(original)

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
            "the reply does not parse": (
                "Expected dict_keys",
                "Error parsing field",
                "Expected a JSON object",
            ),
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

    def prompt(self, case: str, adapter: str) -> dict[str, Any]:
        """The messages of a case of tests.parity.prompts, and the reply that would give its outputs."""
        signature, demos, inputs, outputs = cases(dspy)[case]
        chosen = self.adapter(adapter)
        return {
            "messages": chosen.format(signature, demos, inputs),
            "reply": chosen.format_assistant_message_content(signature, outputs),
            "outputs": to_jsonable(outputs),
        }

    def parse(self, case: str, adapter: str, reply: str) -> Any:
        """What a reply to that case is read as."""
        try:
            return to_jsonable(self.adapter(adapter).parse(cases(dspy)[case][0], reply))
        except Exception:  # noqa: BLE001 - dspy has no error of its own for it
            return "does not parse"


def main() -> None:
    """Serve {"script": …, "switches": names, or None for dspy itself} -> what happened; and the prompts' jobs."""
    warnings.simplefilter("ignore")
    dspy.disable_logging()
    dspy.configure_cache(enable_disk_cache=False, enable_memory_cache=False)
    dspy.configure(disable_history=True)

    @cache
    def side(switches: tuple[str, ...] | None) -> Theirs:
        return Theirs(Unmodified() if switches is None else Original(switches))

    def run(job: Mapping[str, Any]) -> Any:
        asked = job["switches"]
        theirs = side(None if asked is None else tuple(asked))
        with theirs.original.active():
            if "script" in job:
                return act(theirs, job["script"])
            if "reply" in job:
                return theirs.parse(job["case"], job["adapter"], job["reply"])
            return theirs.prompt(job["case"], job["adapter"])

    serve(run)


if __name__ == "__main__":
    main()
