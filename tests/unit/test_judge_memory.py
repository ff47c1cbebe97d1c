"""What a judge answered: known to every page, after a restart and to other processes, within bounds, without the question."""

from __future__ import annotations

import datetime
import json
import sqlite3

import pytest

from refine_core import runs, workbench
from refine_core.errors import StoreError
from refine_core.programs import EXAMPLES, ModelSpec
from refine_core.runs.judge_memory import (
    KIND,
    MAX_ANSWERS,
    SHELF_CHARS,
    SHELVES,
    JudgeCounts,
    JudgeMemory,
    NotAskedError,
)
from refine_core.store import MemoryStore, open_store
from refine_core.workbench import JudgeSpec, Row
from tests.old_store import old_store

ASK = "text -> points: float"
JUDGED = 'def reward(args, pred):\n    return judge("text -> points: float", text=pred.text)["points"]\n'


class Judge:
    """A judge that counts how often it was asked, and answers with that number."""

    def __init__(self, **more):
        self.asked, self.more = 0, more

    def __call__(self, signature, /, **inputs):
        self.asked += 1
        return {"points": float(self.asked), **self.more}


def ask(memory, judge, text="a", name="mine"):
    return memory.answering(judge, name, JudgeCounts())(ASK, text=text)


def recall(memory, text="a", name="mine"):
    return memory.recalling(name, JudgeCounts())(ASK, text=text)


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


def test_an_answer_survives_a_restart_with_its_types(home):
    judge = Judge(tags=("x", "y"), day=datetime.date(2026, 11, 29), fits=True)
    store = open_store(home)
    answer = ask(JudgeMemory(store), judge)
    store.close()
    again = open_store(home)
    assert recall(JudgeMemory(again)) == ask(JudgeMemory(again), judge) == answer
    assert judge.asked == 1
    again.close()


def test_what_another_process_has_paid_for_is_not_asked_again(home):
    mine, theirs = open_store(home), open_store(home)
    here, there, judge = JudgeMemory(mine), JudgeMemory(theirs), Judge()
    with pytest.raises(NotAskedError):
        recall(here)
    ask(there, judge)
    assert ask(here, judge) == {"points": 1.0}
    assert judge.asked == 1
    mine.close()
    theirs.close()


def test_another_judge_and_another_question_are_asked():
    memory, judge = JudgeMemory(MemoryStore()), Judge()
    answers = [
        ask(memory, judge, text, name) for text, name in (("a", "x"), ("b", "x"), ("a", "y"), ("a", "x"))
    ]
    assert [answer["points"] for answer in answers] == [1.0, 2.0, 3.0, 1.0]


def shelves(store):
    """The answers of each shelf, the oldest first."""
    return [
        sorted(json.loads(text)["answer"]["points"] for text in store.documents(f"{KIND} {i:02x}").values())
        for i in range(SHELVES)
    ]


def test_the_oldest_answers_go_and_the_newest_stay():
    few, all_of_them = MemoryStore(), MemoryStore()
    for store, limit in ((few, 2 * SHELVES), (all_of_them, MAX_ANSWERS)):
        memory, judge = JudgeMemory(store, limit), Judge()
        for i in range(600):
            ask(memory, judge, str(i))
    assert max(map(len, shelves(all_of_them))) > 2
    assert shelves(few) == [shelf[-2:] for shelf in shelves(all_of_them)]


def test_an_answer_that_is_too_long_is_known_in_this_process_only():
    store, judge = MemoryStore(), Judge(reason="x" * SHELF_CHARS)
    ask(memory := JudgeMemory(store), judge)
    assert recall(memory)["points"] == 1.0
    assert not any(shelves(store))


def test_a_store_that_fails_costs_nobody_an_answer():
    class Failing(MemoryStore):
        def put(self, kind, name, text):
            raise StoreError("the disk is full")

        def documents(self, kind):
            raise StoreError("the disk is gone")

    memory, judge = JudgeMemory(Failing()), Judge()
    assert ask(memory, judge) == ask(memory, judge) == recall(memory) == {"points": 1.0}
    assert judge.asked == 1


def test_an_answer_that_cannot_be_read_is_asked_for_again():
    store, judge = MemoryStore(), Judge()
    ask(JudgeMemory(store), judge)
    kinds = [f"{KIND} {i:02x}" for i in range(SHELVES)]
    (place,) = [(kind, name) for kind in kinds for name in store.documents(kind)]
    for broken in ("", "[]", "{", '{"at": 1, "answer": {"~later": 1}}', "[" * 100_000):
        store.put(*place, broken)
        asked = judge.asked
        assert ask(JudgeMemory(store), judge) == {"points": asked + 1.0}


def test_neither_the_question_nor_a_key_is_in_the_store(home):
    model = ModelSpec("litellm", "openai/m", api_base="https://api.example", key_env="MY_KEY")
    store = open_store(home)
    ask(
        JudgeMemory(store),
        Judge(),
        "a very private question",
        JudgeSpec(model, 0, "sk-typed-by-somebody").name,
    )
    store.close()
    with sqlite3.connect(home / "refinescope.db") as file:
        dump = "\n".join(file.iterdump())
    assert "points" in dump
    for secret in ("private question", "sk-typed", "MY_KEY", "api.example"):
        assert secret not in dump


def test_a_judge_is_the_same_whatever_its_key_its_patience_and_its_price():
    model = ModelSpec("litellm", "openai/m")
    same = ModelSpec(
        "litellm",
        "openai/m",
        key_env="K",
        timeout_s=5,
        retries=0,
        price_in_usd=1.0,
        connection="mine",
        cache=False,
    )
    assert JudgeSpec(model).name == JudgeSpec(same, 0, "sk-x").name
    assert JudgeSpec(model).name != JudgeSpec(ModelSpec("litellm", "openai/m", temperature=1.0)).name


def test_what_the_rewards_page_paid_for_is_known_to_a_what_if_at_once():
    """One memory: rows that wait in a what-if get their scores once the same questions were answered elsewhere."""
    run_id = runs.start(EXAMPLES["gamed"].spec)
    runs.join(run_id, 60)
    timeline = runs.timeline(run_id)
    field = next(iter(timeline.attempts[0].outputs))
    reward = f"def reward(args, pred):\n    return min(1.0, judge('text -> points: float', text=pred.{field})['points'])\n"
    waiting = runs.what_if(run_id, reward=reward)
    assert (waiting.scores.estimate.calls, dict(waiting.scores.ends)) == (len(timeline.attempts), {})
    rows = workbench.load_source(f"run:{run_id}").typed_rows
    judge = workbench.judge_of_run(timeline.spec)
    paid = workbench.score_rows(rows, reward, judge=judge, ask_judge=True)
    assert paid.judge_calls > 0
    now = runs.what_if(run_id, reward=reward)
    assert (now.scores.judge_calls, now.scores.estimate, len(now.scores.ends)) == (
        0,
        None,
        len(timeline.attempts),
    )
    runs.close()
    assert workbench.score_rows(rows, reward, judge=judge).summary.waiting == 0, "after a restart"


def test_an_old_store_takes_answers(tmp_path):
    store, judge = old_store(tmp_path), Judge()
    ask(JudgeMemory(store), judge)
    assert recall(JudgeMemory(store)) == {"points": 1.0}
    store.close()


def test_a_reward_without_a_judge_opens_no_data_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("REFINESCOPE_HOME", str(tmp_path / "never"))
    workbench.score_rows([Row("1", {}, {"text": "a"})], JUDGED)
    assert not (tmp_path / "never").exists()
