"""`refinescope hint-test`: which hint, what it will take, and the result for people, for scripts and for a pull request."""

from __future__ import annotations

import json
import re

import pytest

from refine_core import hint_tests, runs
from refine_core.cli import main
from refine_core.programs import EXAMPLES


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    runs.close()
    monkeypatch.setenv("REFINESCOPE_HOME", str(tmp_path / "home"))
    yield
    runs.close()


@pytest.fixture
def run_id():
    made = runs.start(EXAMPLES["one_word"].spec)
    runs.join(made, 30)
    return made


def call(capfdbinary, *arguments):
    code = main(["hint-test", *map(str, arguments)])
    out, err = capfdbinary.readouterr()
    return code, out.decode(), err.decode()


def test_without_an_attempt_those_with_hints_are_listed(capfdbinary, run_id):
    code, out, err = call(capfdbinary, run_id)
    assert (code, out) == (2, "")
    assert "--attempt 2   answer: Answer with one single word." in err
    code, out, _ = call(capfdbinary, run_id, "--json")
    assert [one["attempt"] for one in json.loads(out)["ask"]["attempt"]] == [2, 3]


def test_what_it_takes_is_said_first_and_a_dry_run_says_only_that(capfdbinary, run_id):
    code, out, _ = call(capfdbinary, run_id, "--attempt", 2, "--dry-run")
    assert code == 0
    assert out.startswith("20 tries of 1 call: 20 calls, free, about ")
    _, out, _ = call(capfdbinary, run_id, "--attempt", 2, "--dry-run", "--json")
    assert json.loads(out)["calls"] == 20
    assert hint_tests.list_tests(run_id) == []


def test_the_result_is_a_sentence_json_or_markdown(capfdbinary, run_id):
    options = ("--attempt", 3, "--tries", 4, "--hint", "Answer with one word, letters only.")
    code, out, err = call(capfdbinary, run_id, *options)
    assert code == 0
    assert re.match(r"Yes\. The hint raised the reward by 0\.\d\d \[", out)
    assert "12 tries of 1 call: 12 calls" in err
    assert "Edited hint  mean " in out
    code, out, _ = call(capfdbinary, run_id, *options, "--json")
    found = json.loads(out)
    assert found["verdict"].startswith("Yes. The hint raised the reward by ")
    assert [one["kind"] for one in found["arms"]] == ["none", "this", "other"]
    assert all(runs.timeline(one["run"]) is not None for arm in found["arms"] for one in arm["tries"])
    assert found["differences"][0]["clear"] is True
    _, out, _ = call(capfdbinary, run_id, *options, "--markdown")
    assert out.startswith("### Does the hint help? · One-word answer, attempt 3\n")


def test_what_cannot_be_tested_is_refused_with_the_reason(capfdbinary, run_id):
    code, _, err = call(capfdbinary, run_id, "--attempt", 1)
    assert code == 2
    assert "was given no hint" in err
    code, _, err = call(capfdbinary, run_id, "--attempt", 2, "--tries", 1)
    assert code == 2
    assert "from 2 to 200" in err


def test_a_misspelt_predictor_is_no_part_of_the_hint(capfdbinary, run_id):
    code, _, err = call(capfdbinary, run_id, "--attempt", 2, "--hint", "anwser=Be short.", "--dry-run")
    assert code == 2
    assert "there is no predictor anwser. Write answer=Be short.; or answer=anwser=Be short." in err
    code, out, _ = call(capfdbinary, run_id, "--attempt", 2, "--hint", "Be short: a = b.", "--dry-run")
    assert (code, "30 tries" in out) == (0, True)


def test_the_last_run_is_the_first_in_the_list_and_no_try(capfdbinary, run_id):
    assert call(capfdbinary, run_id, "--attempt", 2, "--tries", 2)[0] == 0
    assert runs.recent(1)[0].run_id != run_id
    main(["show", "last", "--json"])
    assert json.loads(capfdbinary.readouterr()[0])["run"] == run_id
