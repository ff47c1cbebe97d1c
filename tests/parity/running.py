"""Runs a script with one library and notes what happened. Standard library only; a `Library` does what differs.

Per call of the refiner: every request to a model, every reward, what was returned or which error came, the trace left
behind, the caller's own inputs afterwards, and whether anything was printed.
"""

from __future__ import annotations

import contextlib
import gc
import io
import json
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from copy import deepcopy
from typing import Any, Protocol

from tests.parity.play import Play, rewarding, to_jsonable
from tests.parity.programs import program

# Which predictors have a model of their own, and whether there is one in force for all; see `_cast`.
MODELS = ("global", "own", "both", "several", "partly", "none")


class Library(Protocol):
    """What differs between the two.

    names: whatever has Module, Predict, ChainOfThought, Refine, Signature, InputField, OutputField and Prediction.
    """

    names: Any

    def lm(self, play: Play, name: str, temperature: float | str | None) -> Any: ...
    def adapter(self, name: str | None) -> Any: ...
    def refiner(self, strategy: str) -> Callable[..., Any]: ...
    def setting(self, **values: Any) -> AbstractContextManager[Any]: ...
    def fault(self, error: BaseException) -> str: ...


def act(library: Library, script: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What happened, one entry a call of the refiner; one alone if it could not even be made."""
    play = Play(script)
    made = program(library.names, script["shape"])
    lm = _cast(library, play, made)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        try:
            refiner = library.refiner(script["strategy"])(
                made, script["N"], rewarding(play), script["threshold"], fail_count=script["fail_count"]
            )
        except Exception as error:  # noqa: BLE001 - what is refused at once is part of what is compared
            return [{"refused": library.fault(error)}]
        calls = []
        with library.setting(lm=lm, adapter=library.adapter(script["adapter"])):
            for inputs in script["calls"]:
                del play.asked[:]
                before = len(play.scored)
                left = _call(library, refiner, deepcopy(inputs), with_trace=script["outer_trace"])
                asked, scored = list(play.asked), play.scored[before:]
                calls.append({"asked": asked, "scored": scored, **left, "printed": bool(printed.getvalue())})
    return calls


def _call(library: Library, refiner: Any, inputs: dict[str, Any], *, with_trace: bool) -> dict[str, Any]:
    trace: list[Any] | None = [] if with_trace else None
    with library.setting(trace=trace):
        try:
            result = {"returned": to_jsonable(refiner(**inputs))}
        except Exception as error:  # noqa: BLE001 - as above
            result = {"raised": library.fault(error)}
    kept = [
        {"who": getattr(who, "mark", "advice"), "inputs": to_jsonable(given), "outputs": to_jsonable(said)}
        for who, given, said in trace or ()
    ]
    return {**result, "trace": kept, "inputs": to_jsonable(inputs)}


def _cast(library: Library, play: Play, made: Any) -> Any:
    """Give the program its models as the script says; the one in force for all, or None."""
    script = play.script

    def lm(name: str) -> Any:
        return library.lm(play, name, script["temperatures"][name])

    match script["model"]:
        case "own":
            made.set_lm(lm("own"))
            return None
        case "both":
            made.set_lm(lm("own"))
        case "several":
            for i, one in enumerate(made.predictors()):
                one.lm = lm(("own", "other")[i % 2])
        case "partly":
            for one in made.predictors()[1:]:
                one.lm = lm("other")
        case "none":
            return None
    return lm("global")


def serve(run: Callable[[Mapping[str, Any]], Any]) -> None:
    """A side's own loop: a line of JSON in, a line of JSON out, until the input ends."""
    out, sys.stdout = sys.stdout, sys.stderr  # what a library prints must not get between the answers
    out.write('"ready"\n')
    out.flush()
    gc.freeze()  # garbage is looked for among what scripts make, not in all that was imported
    for line in sys.stdin:
        out.write(json.dumps(run(json.loads(line))) + "\n")
        out.flush()
