"""A pytest plugin under which `import dspy` finds refine_core, by the modules that dspy's tests of 2.6.23 import.

It stands alone: it is loaded by name from this folder, since those tests have a package `tests` of their own.
"""

from __future__ import annotations

import asyncio
import inspect
import itertools
import json
import os
import sys
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import refine_core
from refine_core import BaseLM, callbacks, settings, usage
from refine_core.adapters import base, chat
from refine_core.adapters import json as json_adapter
from refine_core.lm import cache, cached_calls
from refine_core.lm.shared import shared
from refine_core.modules import disk, module, parallel, predict, prediction, saved_files, saving
from refine_core.refine import module as refine
from refine_core.signatures import fields, signature


class DummyLM(BaseLM):
    """Answers by field: a list of them in order, or a mapping by what the last message holds. Demos, if told to follow them."""

    def __init__(self, answers: Any, follow_examples: bool = False) -> None:
        super().__init__("dummy", "chat", 0.0, 1000, True)
        self.answers = answers if isinstance(answers, Mapping) else iter(answers)
        self.follow_examples = follow_examples

    def forward(self, prompt: str | None = None, messages: Any = None, **kwargs: Any) -> dict[str, Any]:
        """A response with as many choices as `n`."""
        asked = messages[-1]["content"] if messages else prompt
        texts = [self._answer(messages, asked) for _ in range(kwargs.get("n") or 1)]
        return {"choices": [{"message": {"content": text}} for text in texts], "usage": {}, "model": "dummy"}

    def _answer(self, messages: Any, asked: str) -> str:
        if self.follow_examples:
            request = asked.split("\n\n", maxsplit=1)[0]
            turns = itertools.pairwise(messages)
            return next(b["content"] for a, b in reversed(list(turns)) if request in a["content"])
        if isinstance(self.answers, Mapping):
            found = next((one for text, one in self.answers.items() if text in asked), None)
            return _written(found) if found is not None else "No more responses"
        return _written(next(self.answers, {"answer": "No more responses"}))


def _written(answer: Mapping[str, Any]) -> str:
    parts = [f"[[ ## {n} ## ]]\n{v if isinstance(v, str) else json.dumps(v)}" for n, v in answer.items()]
    return "\n\n".join(parts)


_DEFAULTS = {
    name: None if name == "trace" else settings.get(name)
    for name in (
        "lm",
        "adapter",
        "trace",
        "callbacks",
        "track_usage",
        "usage_tracker",
        "disable_history",
        "num_threads",
    )
}


def _set_by_path(module: Any, path: str, value: Any) -> None:
    """Set what a path such as `parts[0].name` names; dspy's optimisers do so, and nothing here."""
    holder, _, last = path.rpartition(".")
    setattr(eval(f"module.{holder}" if holder else "module", {"module": module}), last, value)


def _module(name: str, *sources: Any, **names: Any) -> None:
    made = types.ModuleType(f"dspy.{name}" if name else "dspy")
    made.__path__ = []  # type: ignore[attr-defined]  # a package, as far as imports look
    for source in sources:
        made.__dict__.update({k: v for k, v in vars(source).items() if not k.startswith("__")})
    made.__dict__.update(names)
    sys.modules[made.__name__] = made
    parent, _, last = made.__name__.rpartition(".")
    if parent:
        setattr(sys.modules[parent], last, made)


def install() -> None:
    """Put the modules in place."""
    public = {name: getattr(refine_core, name) for name in refine_core.__all__}
    _module("", **{**public, "settings": settings, "__getattr__": refine_core.__getattr__})
    for name, sources in {
        "adapters": (base, chat, json_adapter),
        "adapters.base": (base,),
        "adapters.chat_adapter": (chat,),
        "adapters.json_adapter": (json_adapter,),
        "clients": (cache, cached_calls),
        "clients.cache": (cache, cached_calls),
        "dsp": (),
        "dsp.utils": (),
        "predict": (predict, refine),
        "predict.predict": (predict,),
        "predict.refine": (refine,),
        "predict.best_of_n": (refine,),
        "predict.parallel": (parallel,),
        "primitives": (module, prediction),
        "primitives.example": (prediction,),
        "primitives.prediction": (prediction,),
        "primitives.module": (module, disk, saving, saved_files),
        "primitives.program": (module,),
        "signatures": (signature, fields),
        "signatures.signature": (signature,),
        "signatures.field": (fields,),
    }.items():
        _module(name, *sources)
    _module("clients.base_lm", BaseLM=BaseLM, GLOBAL_HISTORY=shared.history)
    _module("dsp.utils.settings", DEFAULT_CONFIG=_DEFAULTS, settings=sys.modules["dspy"].settings)
    _module("utils", DummyLM=DummyLM)
    _module("utils.dummies", DummyLM=DummyLM)
    _module("utils.callback", callbacks)
    _module("utils.usage_tracker", usage)
    _module("utils.saving", saving, saved_files, disk, get_dependency_versions=disk.installed_versions)
    vars(sys.modules["dspy.primitives.module"])["get_dependency_versions"] = disk.installed_versions
    vars(sys.modules["dspy.primitives.program"])["set_attribute_by_name"] = _set_by_path


_outcomes: dict[str, list[str]] = {}


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Async tests without another plugin."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    wanted = inspect.signature(pyfuncitem.obj).parameters
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in wanted}))
    return True


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Keep what came of each test."""
    if report.when == "call" or report.outcome != "passed":
        what = "skipped" if report.skipped else report.outcome
        why = (
            "" if report.passed else str(getattr(report.longrepr, "reprcrash", report.longrepr) or "")[-400:]
        )
        if _outcomes.get(report.nodeid, ["passed"])[0] != "failed":
            _outcomes[report.nodeid] = [what, why]


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Keep which files could not be read."""
    if report.failed:
        _outcomes[report.nodeid] = ["uncollected", str(report.longrepr)[-300:]]


def pytest_sessionfinish() -> None:
    """Hand it all over."""
    Path(os.environ["DSPY_SUITE_OUTCOMES"]).write_text(json.dumps(_outcomes), encoding="utf-8")


install()
