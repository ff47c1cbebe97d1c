"""Experiments on the practice model or the loopback server, small enough for a test."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import replace

from refine_core import datasets
from refine_core.datasets import Dataset, table_of_cells
from refine_core.experiments import Arm, Experiment, RateLimit, new_experiment_id
from refine_core.spec import ModelSpec, ProgramSpec, StageSpec
from tests.openai_server import OpenAIServer, polite
from tests.prompts import reply, section

REWARD = "def reward(args, pred):\n    return float(len(pred.answer) % 3 == 0)\n"
REFINED = ProgramSpec((StageSpec("answer", "question -> answer"),), REWARD, N=3)
SINGLE = replace(REFINED, strategy="single")


def keep_rows(store, count: int) -> Dataset:
    """A dataset of so many questions, kept."""
    table = table_of_cells(["question"], [[f"What is {n} + {n}?"] for n in range(count)])
    guesses = datasets.suggest_columns(table, REFINED)
    return datasets.keep(store, table, [guess.column for guess in guesses])


def make_experiment(dataset: Dataset, *specs: ProgramSpec, at_once: int = 4, **given) -> Experiment:
    """Arms a, b, c … of these programs."""
    arms = tuple(Arm(chr(97 + place), f"Arm {chr(65 + place)}", spec) for place, spec in enumerate(specs))
    limits = {
        model.label: RateLimit(at_once) for spec in specs for model in (spec.model, spec.adviser) if model
    }
    return Experiment(
        new_experiment_id(),
        "questions",
        time.time(),
        dataset.id,
        dataset.version,
        arms,
        rate_limits=limits,
        **given,
    )


KEYS = {"model": "a-key-for-tests"}


def on_server(server: OpenAIServer, spec: ProgramSpec, model: str = "tiny") -> ProgramSpec:
    """The same program, asking this server."""
    return replace(spec, model=ModelSpec("litellm", f"openai/{model}", server.url, retries=0, seed=1))


class Gate:
    """Answers by which a server lets so many requests through, and holds the others until it is opened."""

    def __init__(self, let_through: int) -> None:
        self.opened = threading.Event()
        self._left = let_through
        self._lock = threading.Lock()

    def __call__(self, body: dict[str, object]) -> str:
        with self._lock:
            self._left -= 1
            waits = self._left < 0
        if waits:
            self.opened.wait(60)
        return answer(body)


def answer(body: dict[str, object]) -> str:
    """Three letters, which the reward likes."""
    return reply(answer="yes") if "advice" not in str(body["messages"]) else polite(body)


def asked(server: OpenAIServer) -> Counter[str]:
    """Question -> how often it was put to the server."""
    texts = (str(request.json["messages"][-1]["content"]) for request in server.requests)
    return Counter(section([{"content": text}], "question") or "" for text in texts)
