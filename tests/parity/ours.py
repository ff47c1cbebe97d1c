"""Our side: refine_core.

python -m tests.parity.ours             run by tests.parity.sides
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import refine_core
from refine_core import (
    ChatAdapter,
    InputError,
    JSONAdapter,
    LMError,
    ParseError,
    RewardError,
    ScriptedLM,
    SpecError,
)
from tests.parity.play import Play, to_jsonable
from tests.parity.prompts import cases
from tests.parity.running import act, serve


class Adapted(ChatAdapter):
    """A user's own adapter, which cannot be made without an argument."""

    def __init__(self, tone: str) -> None:
        super().__init__()
        self.tone = tone


class Ours:
    """refine_core, as `acting` needs it. to_call: calls a refiner, for instance through `acall`."""

    names = refine_core

    def __init__(self, *, through_acall: bool = False) -> None:
        self.through_acall = through_acall

    def lm(self, play: Play, name: str, temperature: float | str | None) -> ScriptedLM:
        """A model of that name; "missing" is no temperature at all."""
        supports = ("temperature", "response_format") if play.script["takes_json"] else ("temperature",)
        made = ScriptedLM(partial(play.say, name), supports=supports)
        made.kwargs["temperature"] = temperature
        if temperature == "missing":
            del made.kwargs["temperature"]
        return made

    def adapter(self, name: str | None) -> Any:
        """The adapter of that name, or None for the default."""
        made = {"chat": ChatAdapter, "json": JSONAdapter, "a user's own": partial(Adapted, "friendly")}
        return made[name]() if name else None

    def refiner(self, strategy: str) -> Callable[..., Any]:
        """Refine or BestOfN."""
        made = {"refine": refine_core.Refine, "best_of_n": refine_core.BestOfN}[strategy]
        if not self.through_acall:
            return made

        def make(*args: Any, **kwargs: Any) -> Any:
            refiner = made(*args, **kwargs)
            return lambda **inputs: asyncio.run(refiner.acall(**inputs))

        return make

    setting = staticmethod(refine_core.context)

    def fault(self, error: BaseException) -> str:
        """The error in words that both sides share."""
        match error:
            case ParseError():
                return "the reply does not parse"
            case RewardError():
                return "the reward is no number"
            case InputError():
                return "an input does not fit"
            case SpecError():
                return "a number makes no sense"
            case LMError() if "No model" in str(error):
                return "no model"
            case TypeError() if str(error).startswith("the program must return a Prediction"):
                return "no prediction"
        return f"{type(error).__name__}: {error}"

    def prompt(self, case: str, adapter: str) -> dict[str, Any]:
        """The messages of a case of tests.parity.prompts, and the reply that would give its outputs."""
        signature, demos, inputs, outputs = cases(refine_core)[case]
        chosen = self.adapter(adapter)
        return {
            "messages": chosen.format(signature, demos, inputs),
            "reply": chosen.format_assistant_message_content(signature, outputs),
            "outputs": to_jsonable(outputs),
        }

    def parse(self, case: str, adapter: str, reply: str) -> Any:
        """What a reply to that case is read as."""
        try:
            return to_jsonable(self.adapter(adapter).parse(cases(refine_core)[case][0], reply))
        except ParseError:
            return "does not parse"


def main() -> None:
    """Serve {"script": …, "through_acall": whether} -> what happened; and the prompts' jobs."""
    logging.disable(logging.CRITICAL)
    sides = {False: Ours(), True: Ours(through_acall=True)}

    def run(job: Mapping[str, Any]) -> Any:
        if "case" in job:
            one = sides[False]
            if "reply" in job:
                return one.parse(job["case"], job["adapter"], job["reply"])
            return one.prompt(job["case"], job["adapter"])
        return act(sides[bool(job.get("through_acall"))], job["script"])

    serve(run)


if __name__ == "__main__":
    main()
