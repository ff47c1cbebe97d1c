"""One scene, played with either library: a function (dspy, model) -> what JSON can hold.

    def scene(dspy, model):
        lm = model(lambda messages, params: reply(answer="a"), lambda messages: advice(self="be brief"))
        with dspy.context(lm=lm):
            return dspy.Refine(dspy.Predict("q -> answer"), N=2, reward_fn=scoring(0, 1), threshold=1)(q="?").answer

    ours(scene)      dspy is refine_core
    theirs(scene)    dspy is dspy 2.6.23, in its own environment; the scene's source is sent there, so it may use nothing
                     from around it but the helpers of this module

Both sides read this module, so its top imports the standard library only.
python -m tests.parity.stage      run by dspy's Python, by `theirs`
"""

from __future__ import annotations

import atexit
import importlib.util
import inspect
import itertools
import json
import sys
import tempfile
import textwrap
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import SimpleNamespace as Record
from typing import Any

from tests.parity.reading import sections
from tests.parity.running import serve

Messages = Sequence[Mapping[str, str]]
Answer = Callable[[Messages, Mapping[str, Any]], str]
Scene = Callable[[Any, Callable[..., Any]], Any]


# --- what a scene may use


def reply(**fields: object) -> str:
    """A reply in the chat format."""
    told = [f"[[ ## {n} ## ]]\n{v if isinstance(v, str) else json.dumps(v)}" for n, v in fields.items()]
    return "\n\n".join([*told, "[[ ## completed ## ]]"])


def advice(**by_name: str) -> str:
    """A reply to a request for advice; `__` stands for a dot."""
    return reply(
        discussion="because", advice={name.replace("__", "."): text for name, text in by_name.items()}
    )


def asks_for_advice(messages: Messages) -> bool:
    """Whether these messages ask for advice."""
    return "reward_code" in shown(messages)


def shown(messages: Messages) -> dict[str, str]:
    """The inputs of the last message, by name."""
    return sections(messages[-1]["content"])[0]


def scoring(*values: Any) -> Callable[[Any, Any], Any]:
    """A reward that gives these values in turn, and raises those that are exceptions."""
    left = list(values)

    def reward(args: Any, pred: Any) -> Any:
        value = left.pop(0)
        if isinstance(value, Exception):
            raise value
        return value

    return reward


def answering(*texts: str) -> Answer:
    """A model's part: these answers in turn."""
    left = list(texts)
    return lambda messages, params: reply(answer=left.pop(0))


def outcome(call: Callable[[], Any]) -> Any:
    """What a call returns, or the name of its exception's class."""
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - whatever comes is the outcome
        return type(error).__name__


# --- our side and theirs


def ours(scene: Scene) -> Any:
    """What comes of a scene with refine_core."""
    import refine_core

    def model(
        answer: Answer, advise: Callable[[Messages], str] | None = None, temperature: float = 0.0
    ) -> Any:
        return refine_core.ScriptedLM(_speaking(answer, advise), temperature)

    return json.loads(json.dumps(scene(refine_core, model)))


def theirs(scene: Scene) -> Any:
    """What comes of a scene with dspy. Skips the test if dspy's environment cannot be had."""
    side = _original()
    if isinstance(side, str):
        import pytest

        pytest.skip(side)
    told = side.do({"source": textwrap.dedent(inspect.getsource(scene)), "name": scene.__name__})
    if "went wrong" in told:
        raise AssertionError(f"the scene failed with dspy:\n{told['went wrong']}")
    return told["result"]


@cache  # why there is none, too: each try would take pip a while
def _original() -> Any:
    """Their process, or why there is none."""
    from tests.parity.environment import Missing, python
    from tests.parity.sides import Side

    try:
        side = Side(python(), "tests.parity.stage")
    except Missing as why:
        return str(why)
    atexit.register(side.close)
    return side


def _speaking(answer: Answer, advise: Callable[[Messages], str] | None) -> Answer:
    def speak(messages: Messages, params: Mapping[str, Any]) -> str:
        if not asks_for_advice(messages):
            return answer(messages, params)
        if advise is None:
            raise AssertionError("nobody should ask for advice here")
        return advise(messages)

    return speak


def main() -> None:
    """Serve {"source": …, "name": …} -> {"result": …} or {"went wrong": traceback}."""
    import logging
    import traceback
    import warnings

    import dspy  # type: ignore[import-not-found]  # it is in an environment of its own

    warnings.simplefilter("ignore")
    logging.disable()
    dspy.configure_cache(enable_disk_cache=False, enable_memory_cache=False)
    folder = tempfile.TemporaryDirectory()
    numbers = itertools.count()

    class Model(dspy.BaseLM):
        """A model that asks a function what to say."""

        def __init__(self, speak: Answer, temperature: float) -> None:
            super().__init__("scripted", temperature=temperature, cache=False)
            self.speak = speak  # functions are not copied by dspy's deep copies

        def forward(self, prompt: Any = None, messages: Any = None, **kwargs: Any) -> Record:
            text = self.speak(messages or [{"content": prompt}], {**self.kwargs, **kwargs})
            return Record(choices=[Record(message=Record(content=text))], usage={}, model=self.model)

    def model(answer: Answer, advise: Any = None, temperature: float = 0.0) -> Model:
        return Model(_speaking(answer, advise), temperature)

    def play(job: Mapping[str, Any]) -> dict[str, Any]:
        # In a file of its own, since dspy wants to read the source of rewards and programs.
        name = f"scene_{next(numbers)}"
        path = Path(folder.name, f"{name}.py")
        path.write_text(f"from tests.parity.stage import *\n\n\n{job['source']}", encoding="utf-8")
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
            result = getattr(module, job["name"])(dspy, model)
            return {"result": json.loads(json.dumps(result))}
        except Exception:  # noqa: BLE001 - it is told to the test, on the other side
            return {"went wrong": traceback.format_exc()}

    with folder:
        serve(play)


if __name__ == "__main__":
    main()
