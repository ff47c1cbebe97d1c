"""Answers of a judge by what it was asked: the same question of the same judge is never paid for twice.

cache.wrap(judge, "gpt-4o-mini")   a judge that asks `judge` only what is not in the cache
cache.wrap(None, "gpt-4o-mini")    a judge that asks nobody: what is not in the cache raises JudgeNotAskedError
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

from refine_core.errors import RewardError
from refine_core.jsonable import to_jsonable
from refine_core.rewards.judge import Judge

MAX_ANSWERS = 20_000


class JudgeNotAskedError(RewardError):
    """A reward wanted to ask its judge, and nobody has allowed it. Nothing was sent."""


@dataclass(slots=True)
class CachedJudge:
    """A judge that looks into the cache first. asked: questions that went to the model. refused: those that nobody allowed."""

    cache: JudgeCache
    judge: Judge | None
    model: str
    asked: int = 0
    refused: int = 0

    def __call__(self, signature: str, /, **inputs: object) -> Mapping[str, object]:
        """The answer. Raises JudgeNotAskedError; what the judge raises."""
        key = json.dumps([self.model, signature, to_jsonable(inputs)], sort_keys=True, default=repr)
        answer = self.cache.get(key)
        if answer is not None:
            return answer
        if self.judge is None:
            self.refused += 1
            raise JudgeNotAskedError("the judge is not asked without your consent", type_name="JudgeNotAsked")
        self.asked += 1
        answer = self.judge(signature, **inputs)
        self.cache.put(key, answer)
        return answer


@dataclass(slots=True)
class JudgeCache:
    """Answers in memory, at most MAX_ANSWERS; the oldest go first. Safe to use from any thread."""

    _answers: OrderedDict[str, Mapping[str, object]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wrap(self, judge: Judge | None, model: str) -> CachedJudge:
        """A judge with this cache before it. model: whatever tells judges apart; answers of one are not another's."""
        return CachedJudge(self, judge, model)

    def get(self, key: str) -> Mapping[str, object] | None:
        """The answer that was given to this question."""
        with self._lock:
            answer = self._answers.get(key)
            if answer is not None:
                self._answers.move_to_end(key)
            return answer

    def put(self, key: str, answer: Mapping[str, object]) -> None:
        """Keep an answer."""
        with self._lock:
            self._answers[key] = answer
            self._answers.move_to_end(key)
            while len(self._answers) > MAX_ANSWERS:
                self._answers.popitem(last=False)
