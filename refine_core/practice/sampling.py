"""Choosing among candidates, as a model samples among tokens.

A candidate i has a logit l_i, which hints shift. At temperature T it is chosen with probability

    p_i = exp(l_i / T) / sum_j exp(l_j / T)

T = 0 is the limit: always the highest logit, the first of equals. Small T sharpens, large T levels.
The random numbers come from SHA-256 over (seed, messages, temperature, rollout id, retry ordinal), so a call repeats
exactly, in every process, and any other seed or rollout id is another draw.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from refine_core.lm.types import Message

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Candidate(Generic[T]):
    """A possible value. logit: the log of its unnormalised weight at temperature 1."""

    value: T
    logit: float


def probabilities(logits: Sequence[float], temperature: float) -> tuple[float, ...]:
    """The softmax of `logits` at `temperature` > 0; at 0 all the weight is on the first highest."""
    top = max(logits)
    if temperature <= 0:
        first = logits.index(top)
        return tuple(float(i == first) for i in range(len(logits)))
    weights = [math.exp((logit - top) / temperature) for logit in logits]
    return tuple(weight / sum(weights) for weight in weights)


class Draw:
    """The choices of one call, in order: a source of random numbers and a temperature."""

    def __init__(self, rng: random.Random, temperature: float) -> None:
        self._rng, self.temperature = rng, temperature

    def choose(self, candidates: Sequence[Candidate[T]]) -> T:
        """One candidate's value. candidates: at least one."""
        chances = probabilities([c.logit for c in candidates], self.temperature)
        return self._rng.choices(candidates, chances)[0].value

    def happens(self, probability: float) -> bool:
        """Whether an event happens that does not depend on the temperature, such as a timeout."""
        return self._rng.random() < probability


def make_draw(
    *, seed: int, messages: Sequence[Message], temperature: float, rollout_id: object, ordinal: int
) -> Draw:
    """The draw of one call. ordinal: 0 for the first attempt, then one more for each retry."""
    texts = [[message["role"], message["content"]] for message in messages]
    key = json.dumps([seed, texts, float(temperature), rollout_id, ordinal], default=str)
    rng = random.Random(hashlib.sha256(key.encode()).digest())  # noqa: S311  # a repeatable model, not a secret
    return Draw(rng, temperature)
