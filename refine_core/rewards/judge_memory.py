"""The judge that a reward asks, with a memory: the same question is put to the model once.

JudgeMemory.answering(judge)  -> asks the model for what it does not know, and keeps it
JudgeMemory.recalling()       -> answers what it knows, and refuses the rest: so typing never costs a call
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from refine_core.log import codec
from refine_core.rewards import Judge

MAX_ANSWERS: Final = 20_000
NOT_ASKED: Final = "the judge has not been asked this"
"""Begins the error of a row whose judge would have to be called."""


class NotAskedError(RuntimeError):
    """The judge's answer is not known, and no model may be asked for it now."""


@dataclass(slots=True)
class JudgeCounts:
    """calls: how often the model was asked. cached: answers that were known. missing: questions without an answer."""

    calls: int = 0
    cached: int = 0
    missing: int = 0


@dataclass(slots=True)
class JudgeMemory:
    """Answers by the judge's name and the very arguments. Safe to use from any thread; the oldest go first."""

    _answers: OrderedDict[str, Mapping[str, object]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answering(self, judge: Judge, name: str, counts: JudgeCounts) -> Judge:
        """The judge, asked only for what it was not asked before. name: of its model, as another model answers otherwise."""

        def answer(signature: str, /, **inputs: object) -> Mapping[str, object]:
            key = _key(name, signature, inputs)
            known = self._get(key)
            if known is not None:
                counts.cached += 1
                return known
            counts.calls += 1
            given = dict(judge(signature, **inputs))
            self._put(key, given)
            return given

        return answer

    def recalling(self, name: str, counts: JudgeCounts) -> Judge:
        """A judge that calls no model. It raises NotAskedError for what is not known."""

        def answer(signature: str, /, **inputs: object) -> Mapping[str, object]:
            known = self._get(_key(name, signature, inputs))
            if known is None:
                counts.missing += 1
                raise NotAskedError(NOT_ASKED)
            counts.cached += 1
            return known

        return answer

    def _get(self, key: str) -> Mapping[str, object] | None:
        with self._lock:
            return self._answers.get(key)

    def _put(self, key: str, answer: Mapping[str, object]) -> None:
        with self._lock:
            self._answers[key] = answer
            while len(self._answers) > MAX_ANSWERS:
                self._answers.popitem(last=False)


def _key(name: str, signature: str, inputs: Mapping[str, object]) -> str:
    """Text that is equal for equal questions to the same judge."""
    return codec.dumps([name, signature, sorted((key, repr(value)) for key, value in inputs.items())])
