"""`refinescope fork`: go on with a run from an attempt, in a terminal."""

from __future__ import annotations

import json

import pytest

from refine_core import runs
from refine_core.cli import main
from refine_core.programs import EXAMPLES

TWO = EXAMPLES["two_stages"].spec


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        runs.close()
        patch.setenv("REFINESCOPE_HOME", str(folder))
        yield folder
        runs.close()


@pytest.fixture(scope="module")
def parent(home):
    run_id = runs.start(TWO)
    runs.join(run_id, 60)
    return run_id


@pytest.fixture
def call(capfdbinary, parent):
    def call(*arguments):
        code = main(["fork", parent[-8:], *map(str, arguments)])
        out, err = capfdbinary.readouterr()
        return code, out.decode(), err.decode()

    return call


def test_without_an_attempt_it_lists_them(call):
    code, out, err = call()
    assert (code, out) == (2, "")
    assert err.splitlines()[1:] == [
        "  --attempt 1     0.20  scored",
        "  --attempt 2     0.20  scored",
        "  --attempt 3     0.60  scored",
        "  --attempt 4     1.00  reached the threshold",
    ]
    code, out, _ = call("--json")
    assert (code, len(json.loads(out)["ask"]["attempt"])) == (2, 4)


def test_a_dry_run_says_what_is_kept_and_starts_nothing(call, parent):
    before = len(runs.recent())
    code, out, err = call("--attempt", 3, "--hint", "write=Short.", "--dry-run")
    assert (code, err) == (0, "")
    assert out.startswith(
        "Attempts 1 and 2 are kept as recorded: no calls, no cost.\nUp to 4 attempts and 3 requests for"
    )
    code, out, _ = call("--attempt", 4, "--threshold", 0.9, "--dry-run", "--json")
    told = json.loads(out)
    assert (code, told["parent"], told["asked"], told["kept"], told["first_new"]) == (0, parent, 4, 1, 2)
    assert told["reason"].startswith("It begins at attempt 2, not 4: the adviser would have read")
    assert len(runs.recent()) == before


def test_a_branch_may_begin_at_the_first_attempt(call):
    code, out, err = call("--attempt", 1, "--temperature", 0.4, "--dry-run")
    assert (code, err) == (0, "")
    assert out.startswith("Nothing is kept: every attempt runs again.\n")


def test_a_branch_is_made_watched_and_named(call, parent):
    code, out, err = call("--attempt", 3, "--hint", "write=At most 40 words.", "--temperature", 0.9, "--name", "short")  # fmt: skip
    assert (code, err.splitlines()[0]) == (0, "Attempts 1 and 2 are kept as recorded: no calls, no cost.")
    assert f"Attempts 1 and 2 are kept from run {parent[-8:][:4]}." in out
    made = runs.recent(1)[0].run_id
    timeline = runs.timeline(made)
    assert timeline.spec.parent == parent
    assert (timeline.attempts[2].temperature, timeline.attempts[2].hints["write"]) == (
        0.9,
        "At most 40 words.",
    )
    assert runs.annotation(made).name == "short"
    code, out, _ = call("--attempt", 4, "--json")
    told = json.loads(out)
    assert (code, told["parent"], told["fork_attempt"]) == (0, parent, 4)
    assert [one["kept"] for one in told["attempts"]] == [True, True, True, False]
    assert told["usage"]["calls"] == 2


def test_another_reward_may_end_the_branch_at_once(call, tmp_path):
    file = tmp_path / "kind.py"
    file.write_text("def reward(args, pred):\n    return 1.0\n")
    code, out, err = call("--attempt", 4, "--reward", file)
    assert code == 0
    assert "Nothing is left to do: the run would have stopped at attempt 1." in err
    assert "Attempt 1 is kept from run " in out
    assert ", scored again." in out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--attempt", 9), "begins at attempt 1 to 5, not 9"),
        (("--attempt", 2, "--hint", "nobody=x"), "the predictors of this run are extract, write"),
        (("--attempt", 2, "--function", "x"), "--function names a function of --reward FILE"),
        (("--attempt", 2, "--adviser", "practice", "--n", 1), ""),
        (("--attempt", 2, "--threshold", "high"), "neither a number nor none"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(call, options, said):
    code, _, err = call(*options, "--dry-run")
    assert code == (0 if not said else 2)
    assert said in err
    assert "Traceback" not in err


def test_no_branch_begins_whose_model_has_no_key(call, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    before = len(runs.recent())
    code, _, err = call("--attempt", 2, "--model", "gpt-4o-mini")
    assert (code, len(runs.recent())) == (2, before)
    assert "the environment variable OPENAI_API_KEY is not set" in err
