"""The judge that a reward asks, with a memory: the same question is put to the model once, and a paid answer survives a restart.

JudgeMemory.answering(judge)  -> asks the model for what it does not know, and keeps it
JudgeMemory.recalling()       -> answers what it knows, and refuses the rest: so typing never costs a call

    question --digest--> in memory | the store's documents of kind "judge answers 00" to "judge answers ff", a kind a shelf

A shelf is read as a whole, so there are many small ones, each with a bound of its own. What is kept is the answer, under a
digest of the question: neither the question nor any key is in the store.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from refine_core.errors import StoreError
from refine_core.log import codec
from refine_core.rewards.judge import Judge
from refine_core.rewards.value_codec import decode, encode_fields
from refine_core.store.protocol import Store

logger = logging.getLogger("refine_core")

MAX_ANSWERS: Final = 20_000
KIND: Final = "judge answers"
SHELVES: Final = 256
SHELF_CHARS: Final = 256_000
NOT_ASKED: Final = "the judge has not been asked this"
"""Begins the error of a row whose judge would have to be called."""

Answer = Mapping[str, object]


class NotAskedError(RuntimeError):
    """The judge's answer is not known, and no model may be asked for it now."""


@dataclass(slots=True)
class JudgeCounts:
    """calls: how often the model was asked. cached: answers that were known. missing: questions without an answer."""

    calls: int = 0
    cached: int = 0
    missing: int = 0


class JudgeMemory:
    """Answers by the judge's name and the very arguments. Safe to use from any thread; the oldest go first.

    store: where they are kept as well; None: in this process alone. A store that fails is logged, and costs nobody an answer.
    max_answers: about how many are kept.
    """

    def __init__(self, store: Store | None = None, max_answers: int = MAX_ANSWERS) -> None:
        self._store, self._max = store, max_answers
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self._shelves: set[str] = set()
        self._lock = threading.Lock()
        self.version = 0
        """Grows with every answer that is new."""

    def answering(self, judge: Judge, name: str, counts: JudgeCounts) -> Judge:
        """The judge, asked only for what it was not asked before. name: of its model, as another model answers otherwise."""

        def answer(signature: str, /, **inputs: object) -> Answer:
            key = _key(name, signature, inputs)
            known = self._get(key)
            if known is None:  # another process may have paid for it in the meantime
                known = self._read_shelf(key).get(key)
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

        def answer(signature: str, /, **inputs: object) -> Answer:
            key = _key(name, signature, inputs)
            if key[:2] not in self._shelves:
                self._read_shelf(key)
            known = self._get(key)
            if known is None:
                counts.missing += 1
                raise NotAskedError(NOT_ASKED)
            counts.cached += 1
            return known

        return answer

    def _get(self, key: str) -> Answer | None:
        with self._lock:
            return self._answers.get(key)

    def _put(self, key: str, answer: Answer) -> None:
        with self._lock:
            self._remember(key, answer)
        if self._store is None:
            return
        try:
            text = json.dumps({"at": time.time(), "answer": encode_fields(answer)})
            if len(text) <= SHELF_CHARS // 4:
                self._store.put(_kind(key), key, text)
                _drop_oldest(self._store, _kind(key), key, max(1, self._max // SHELVES))
        except (StoreError, TypeError, ValueError) as error:
            logger.warning("a judge's answer is kept in this process only: %s", error)

    def _remember(self, key: str, answer: Answer) -> None:
        self._answers[key] = answer
        self.version += 1
        while len(self._answers) > self._max:
            self._answers.popitem(last=False)

    def _read_shelf(self, key: str) -> Mapping[str, Answer]:
        """The answers of the shelf that would hold this one, as they are in the store now."""
        if self._store is None:
            return {}
        try:
            texts = self._store.documents(_kind(key))
        except StoreError as error:
            logger.warning("kept answers of judges cannot be read: %s", error)
            return {}
        read = {name: answer for name, text in texts.items() if (answer := _read(text)) is not None}
        with self._lock:
            self._shelves.add(key[:2])
            for name, answer in read.items():
                if name not in self._answers:
                    self._remember(name, answer)
        return read


def _key(name: str, signature: str, inputs: Mapping[str, object]) -> str:
    """A digest that is equal for equal questions to the same judge."""
    text = codec.dumps([name, signature, sorted((key, repr(value)) for key, value in inputs.items())])
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _kind(key: str) -> str:
    return f"{KIND} {key[:2]}"


def _read(text: str) -> dict[str, Any] | None:
    """A kept answer; None for one that cannot be read, as a later version may have written it."""
    try:
        answer = decode(json.loads(text)["answer"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _drop_oldest(store: Store, kind: str, new: str, count: int) -> None:
    """Keep a shelf within its bounds, `count` answers and SHELF_CHARS. The one that was put there last stays."""
    texts = store.documents(kind)
    chars = sum(map(len, texts.values()))
    for name in sorted(texts, key=lambda name: _time_of(texts[name])):
        if len(texts) <= count and chars <= SHELF_CHARS:
            return
        if name != new:
            chars -= len(texts.pop(name))
            store.drop(kind, name)


def _time_of(text: str) -> float:
    try:
        return float(json.loads(text)["at"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return 0.0
