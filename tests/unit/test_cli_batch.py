"""`refinescope batch`: what it takes and what is wrong before anything is spent, the answer, going on, and what else takes an experiment."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import jsonschema
import pytest

from refine_core import experiments, runs
from refine_core.cli import batch_following, main, patience
from refine_core.cli.batch_source import ArmOptions, load_source
from refine_core.cli.output import BadInput
from refine_core.cli.run_spec import RunOptions
from refine_core.experiments import RateLimit
from refine_core.programs import EXAMPLES
from refine_core.spec.document import write_document
from tests.postgres import own_server
from tests.threads import finish

TABLE = "question,capital\nCapital of Belgium?,Brussels\nCapital of Peru?,Lima\nCapital of Chad?,N'Djamena\n"
RESULT = {
    "type": "object",
    "required": ["verdict", "arms", "comparisons"],
    "properties": {
        "verdict": {"type": "string"},
        "arms": {
            "type": "array",
            "items": {
                "required": ["name", "runs", "mean", "interval", "calls", "tokens", "cost_usd"],
                "properties": {"runs": {"type": "integer"}, "interval": {"type": "array", "minItems": 2, "maxItems": 2}},
            },
        },
        "comparisons": {
            "type": "array",
            "items": {
                "required": ["a", "b", "difference", "interval", "p", "enough", "needed"],
                "properties": {"enough": {"type": "boolean"}},
            },
        },
    },
}  # fmt: skip


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    runs.close()
    monkeypatch.setenv("REFINESCOPE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "capitals.csv").write_text(TABLE, encoding="utf-8")
    (tmp_path / "program.json").write_text(write_document(EXAMPLES["one_word"].spec), encoding="utf-8")
    yield tmp_path
    runs.close()


@pytest.fixture
def call(capfdbinary):
    def call(*arguments, command="batch"):
        code = main([command, *map(str, arguments)])
        out, err = capfdbinary.readouterr()
        return code, out.decode(), err.decode()

    return call


def newest():
    return experiments.list_experiments()[0].experiment


def test_a_program_and_a_table_give_one_sentence(call):
    code, out, err = call("program.json", "capitals.csv", "--arms", "refine_3,single", "--repeats", 2)
    assert code == 0
    assert "Refine, N 3" in out.splitlines()[1]
    assert "on 3 inputs" in out
    assert "= 12 runs: Refine, N 3; Single attempt" in err
    assert "seen by the reward only: capital" in err
    assert runs.search().rows == ()  # cells are in no list of runs


def test_each_of_several_models_is_asked_at_the_address_and_with_the_key_named():
    """They were dropped: each model then asked for its provider's own key."""
    own = RunOptions(base_url="http://127.0.0.1:1/v1", key_env="SOME_KEY")
    wanted = ArmOptions("single,best_of_2", models=("openai/small", "openai/large"), run=own)
    asked = [arm.spec.model for arm in load_source(Path("program.json"), None, wanted).arms]
    assert [model.model for model in asked] == ["openai/small"] * 2 + ["openai/large"] * 2
    assert {(model.api_base, model.key_env) for model in asked} == {("http://127.0.0.1:1/v1", "SOME_KEY")}


def test_json_ends_with_the_result_alone(call):
    code, out, err = call("program.json", "capitals.csv", "--arms", "refine_3,best_of_2,single", "--json")
    assert code == 0
    found = json.loads(out)
    jsonschema.validate(found, RESULT)
    assert [one["name"] for one in found["arms"]] == ["Refine, N 3", "Best of 2", "Single attempt"]
    assert len(found["comparisons"]) == 3
    assert "experiment " in err


def test_an_experiment_by_hand_runs_with_its_own_table(call, folder):
    document = {
        "name": "By hand",
        "dataset": {"file": "capitals.csv", "columns": {"capital": "left out"}},
        "base": "program.json",
        "arms": ["single", {"name": "Two", "change": {"N": 2}}],
        "rows": 2,
        "budget": {"calls": 50},
    }
    (folder / "experiment.json").write_text(json.dumps(document), encoding="utf-8")
    code, _, err = call("experiment.json", "--at-once", 3)
    assert code == 0, err
    made = newest()
    assert (made.name, made.rows, made.budget.calls) == ("By hand", 2, 50)
    assert [limit.at_once for limit in made.rate_limits.values()] == [3]
    assert "capital" not in experiments.get(made.id).dataset.rows[0].values


def test_a_limit_of_a_model_that_no_arm_asks_is_named(call, folder):
    limits = {"practise model": {"at_once": 1}}
    document = {"dataset": "capitals.csv", "base": "program.json", "arms": ["single"], "rate_limits": limits}
    (folder / "experiment.json").write_text(json.dumps(document), encoding="utf-8")
    code, _, err = call("experiment.json", "--dry-run")
    assert code == 0
    assert "no arm asks practise model, so this limits nothing; asked: practice model" in err


def test_what_was_exported_as_json_runs_again(call):
    call("program.json", "capitals.csv", "--arms", "refine_2,single", "--repeats", 2, "--seed", 5)
    first = newest()
    code, _, err = call(first.id, "--to", "json", "-o", "again.json", command="export")
    assert code == 0, err
    code, _, err = call("again.json")
    assert code == 0, err
    second = newest()
    assert second.id != first.id
    assert (second.arms, second.repeats, second.seed, second.name) == (first.arms, 2, 5, first.name)
    rewards = [[one.reward for one in experiments.get(i).outcomes.values()] for i in (first.id, second.id)]
    assert sorted(rewards[0]) == sorted(rewards[1])


def test_a_dry_run_starts_nothing(call):
    code, out, _ = call("program.json", "capitals.csv", "--dry-run")
    assert code == 0
    assert "= 9 runs: " in out
    code, out, _ = call("program.json", "capitals.csv", "--dry-run", "--json")
    assert json.loads(out)["runs"] == 9
    assert experiments.list_experiments() == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "refinescope batch --example customer_messages"),
        (["program.json"], "Give a table, too"),
        (["gone.json", "capitals.csv"], "gone.json cannot be read"),
        (["program.json", "gone.csv"], "gone.csv"),
        (["program.json", "capitals.csv", "--arms", "bestof"], "is no arm; write one of"),
        (["program.json", "capitals.csv", "--arms", "single,single"], "Two arms are called Single attempt"),
        (["program.json", "capitals.csv", "--arm", "x"], "write NAME=PROGRAM.json"),
        (["program.json", "capitals.csv", "--column", "quest=question"], "No column is the input question"),
        (["program.json", "capitals.csv", "--column", "question=qestion"], "has no column qestion; did you mean question?"),
        (["program.json", "capitals.csv", "--column", "question"], "write INPUT=COLUMN"),
        (["broken.json", "capitals.csv"], "arms[0].spec.stages: this field is missing"),
        (["dear.json", "capitals.csv"], "budget.usd: write a number of US dollars above 0"),
        (["empty.csv", "capitals.csv"], "not valid JSON"),
        (["program.json", "empty.csv"], "empty.csv"),
        (["program.json", "capitals.csv", "--example", "one_word"], "not both"),
        (["--resume", "nobody"], "There is no experiment nobody"),
        (["--resume", "a", "--retry-failed", "b"], "not both"),
        (["program.json", "capitals.csv", "--model", "openai/x", "--key-env", "NO_SUCH_KEY"], "NO_SUCH_KEY is not set"),
    ],
)  # fmt: skip
def test_bad_input_is_named_before_anything_is_spent(call, folder, arguments, words):
    (folder / "empty.csv").write_text("", encoding="utf-8")
    (folder / "dear.json").write_text(f'{{"arms": [], "budget": {{"usd": 1{"0" * 400}}}}}', encoding="utf-8")
    (folder / "broken.json").write_text('{"arms": [{"spec": {"reward": "x"}}]}', encoding="utf-8")
    code, out, err = call(*arguments)
    assert (code, out) == (2, "")
    assert words in " ".join(err.split()), err
    assert experiments.list_experiments() == []


def test_a_bad_row_stops_it_until_somebody_says_skip(call, folder):
    spec = json.loads((folder / "program.json").read_text("utf-8"))
    spec["stages"][0]["signature"] = "question, count: int -> answer"
    (folder / "typed.json").write_text(json.dumps(spec), encoding="utf-8")
    (folder / "rows.csv").write_text("question,count\nA?,1\nB?,two\nC?,3\n", encoding="utf-8")
    code, _, err = call("typed.json", "rows.csv")
    assert code == 2
    assert "row 2 (line 3): count is “two”" in err
    assert "--skip-bad-rows leaves them out and runs the other 2." in err
    code, _, err = call("typed.json", "rows.csv", "--arms", "single", "--skip-bad-rows")
    assert code == 0, err
    assert experiments.get(newest().id).done == 2


def test_show_open_and_export_take_the_id_of_an_experiment(call):
    call("program.json", "capitals.csv", "--arms", "refine_2,single")
    made = newest()
    short = made.id.rpartition("-")[2]
    code, shown, _ = call(short, command="show")
    assert code == 0
    assert "arm" in shown
    code, out, _ = call(short, "--json", command="show")
    jsonschema.validate(json.loads(out), RESULT)
    for to in ("html", "md", "csv", "parquet", "json"):
        code, out, _ = call(short, "--to", to, "--json", command="export")
        assert code == 0
        assert json.loads(out)["experiment"] == made.id
    code, _, err = call(short, "--to", "py", command="export")
    assert (code, "an experiment can be html, md" in err) == (2, True)
    code, out, _ = call("--list", "--json")
    assert json.loads(out)["experiment"] == made.id


def test_an_experiment_that_has_ended_says_what_can_be_done(call):
    call("program.json", "capitals.csv", "--arms", "single")
    code, _, err = call("--resume", "last")
    assert (code, "Every run of" in err) == (2, True)
    code, _, err = call("--retry-failed", "last")
    assert (code, "has failed" in err) == (2, True)


def test_a_budget_stops_it_and_more_of_it_goes_on(call):
    code, out, _ = call(
        "program.json", "capitals.csv", "--arms", "refine_2,single", "--budget-calls", 3, "--at-once", 1
    )
    assert code == 1
    assert "batch --resume" in out
    _, _, err = call("--resume", "last", "--json")
    assert "The budget of 3 calls is spent" in err
    code, out, err = call("--resume", "last", "--budget-calls", 500)
    assert code == 0, err
    assert experiments.get(newest().id).done == 6


def test_what_if_scores_a_whole_experiment_again(call, folder):
    call("program.json", "capitals.csv", "--arms", "refine_2,single")
    short = newest().id.rpartition("-")[2]
    (folder / "half.py").write_text("def half(args, pred):\n    return 0.5\n", encoding="utf-8")
    code, out, err = call(short, "--reward", folder / "half.py", "--json", command="what-if")
    assert code == 0, err
    result = json.loads(out)
    jsonschema.validate(result, RESULT)
    assert [arm["mean"] for arm in result["arms"]] == [0.5, 0.5]
    assert "no model asked" in err
    code, out, err = call(short, "--threshold", "none", command="what-if")
    assert code == 0, err
    assert "Single attempt" in out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--n", 2), "only the reward and the threshold"),
        (("--ask-judge",), "only the reward and the threshold"),
        (("--reward", "half.py", "--function", "half=2"), "one reward"),
        (("--reward", "half.py", "--function", "other"), "'other'"),
        (("--threshold", "much"), "neither a number nor none"),
    ],
)
def test_what_if_of_an_experiment_refuses_what_it_cannot_change(call, folder, options, words):
    (folder / "half.py").write_text("def half(args, pred):\n    return 0.5\n", encoding="utf-8")
    call("program.json", "capitals.csv", "--arms", "single", "--rows", 1)
    code, out, err = call(newest().id, *options, command="what-if")
    assert (code, out) == (2, "")
    assert words in " ".join(err.split())


def test_where_all_runs_are_cells_last_names_none_and_says_where_to_look(call):
    call("program.json", "capitals.csv", "--arms", "single", "--rows", 1)
    code, _, err = call("last", command="show")
    assert code == 2
    assert "belong to experiments or hint tests" in err
    assert "batch --list" in err


# Of an experiment that is there already


def rows_of(experiment):
    return [row.values for row in experiments.get(experiment.id).dataset.rows]


def test_further_rows_of_its_own_table_are_run_and_nothing_again(call):
    call("program.json", "capitals.csv", "--arms", "refine_2,single", "--rows", 1)
    before = experiments.get(newest().id)
    code, out, err = call("--add-to", "last", "--rows", 2, "--dry-run")
    assert (code, experiments.get(before.experiment.id).cells) == (0, before.cells)
    assert out.startswith("To be added: 2 runs: Refine, N 2; Single attempt\n")
    code, out, err = call("--add-to", "last", "--rows", 3)
    assert code == 0, err
    after = experiments.get(before.experiment.id)
    assert (after.state, after.done, after.experiment.rows) == ("finished", 6, None)
    assert before.outcomes.items() <= after.outcomes.items()
    assert "on 3 inputs" in out


def test_without_enough_data_the_answer_says_how_more_rows_are_added(call):
    example = ("--example", "customer_messages", "--arms", "refine_5,single")
    _, out, _ = call(*example, "--rows", 3)
    assert "Not enough data" in out
    assert f"refinescope batch --add-to {newest().id.rpartition('-')[2]} --rows 60" in out


def test_a_table_of_further_rows_comes_behind_the_others(call, folder):
    call("program.json", "capitals.csv", "--arms", "refine_2,single")
    (folder / "more.csv").write_text("capital,question\nOslo,Capital of Norway?\n", encoding="utf-8")
    code, _, err = call("--add-to", "last", "more.csv")
    assert code == 0, err
    assert "more.csv: 1 row, behind the 3 of capitals.csv" in err
    assert rows_of(newest())[3] == {"question": "Capital of Norway?", "capital": "Oslo"}
    assert experiments.get(newest().id).done == 8


def test_an_arm_is_added_in_a_word_and_as_a_program_of_its_own(call):
    call("program.json", "capitals.csv", "--arms", "refine_2,single", "--budget-calls", 100)
    code, out, err = call(
        "--add-to", "last", "--arms", "best_of_3", "--arm", "Mine=program.json", "--budget-calls", 200
    )
    assert code == 0, err
    made = newest()
    assert [(arm.key, arm.name) for arm in made.arms][2:] == [("c", "Best of 3"), ("d", "Mine")]
    assert (experiments.get(made.id).done, made.budget.calls) == (12, 200)
    assert "Best of 3" in out


def test_an_experiment_goes_on_with_fewer_calls_at_once(call):
    call("program.json", "capitals.csv", "--arms", "single", "--budget-calls", 1)
    code, _, err = call("--resume", "last", "--budget-calls", 50, "--at-once", 2, "--rpm", 6000)
    assert code == 0, err
    assert newest().rate_limits == {"practice model": RateLimit(2, 6000)}


NOT_ADDED = [
    ([], "Say what is added"),
    (["more.csv", "--arms", "single"], "One of both at a time"),
    (["gone.csv"], "gone.csv"),
    (["other.csv"], "No column is the input question"),
    (["--rows", 3], "has 3 inputs already"),
    (["--rows", 9], "capitals.csv has 3 rows, so --rows 9 is too many"),
    (["--arms", "single"], "Two arms are called Single attempt"),
    (["--arm", "Twin=program.json"], "same as"),
    (["more.csv", "--repeats", 2], "--repeats is for a new experiment"),
    (["more.csv", "--column", "question=question"], "--column is for a new experiment"),
    (["program.json", "more.csv"], "keeps its program"),
    (["more.csv", "--resume", "last"], "not both"),
]  # fmt: skip


def test_what_cannot_be_added_is_named_and_nothing_changes(call, folder):
    call("program.json", "capitals.csv", "--arms", "refine,single")
    (folder / "more.csv").write_text("question\nCapital of Norway?\n", encoding="utf-8")
    (folder / "other.csv").write_text("city\nOslo\n", encoding="utf-8")
    before = newest()
    for arguments, words in NOT_ADDED:
        code, out, err = call("--add-to", "last", *arguments)
        assert (code, out) == (2, ""), arguments
        assert words in " ".join(err.split()), err
    assert newest() == before


def test_a_saved_dataset_is_taken_by_its_name_or_its_id(call, folder):
    call("program.json", "capitals.csv", "--arms", "single", "--column", "left-out=capital")
    kept = newest()
    (folder / "capitals.csv").unlink()
    document = {"dataset": {"saved": kept.dataset_id[:8]}, "base": "program.json", "arms": ["single"]}
    (folder / "experiment.json").write_text(json.dumps(document), encoding="utf-8")
    for arguments in (("program.json", "saved:capitals.csv", "--arms", "single"), ("experiment.json",)):
        code, _, err = call(*arguments)
        assert code == 0, err
        assert (newest().dataset_id, newest().dataset_version) == (kept.dataset_id, kept.dataset_version)
        assert "left out: capital" in err
    code, _, err = call("program.json", "saved:capital", "--arms", "single")
    assert (code, f"There are: capitals.csv ({kept.dataset_id[:8]}, 3 rows)" in " ".join(err.split())) == (
        2,
        True,
    )


def test_a_saved_dataset_read_in_another_way_is_a_further_version(call):
    call("program.json", "capitals.csv", "--arms", "single", "--column", "left-out=capital")
    first = newest()
    code, _, err = call(
        "program.json", "saved:capitals.csv", "--arms", "single", "--column", "reward-only=capital"
    )
    assert code == 0, err
    assert (newest().dataset_id, newest().dataset_version) == (first.dataset_id, first.dataset_version + 1)
    assert rows_of(newest())[0] == {"question": "Capital of Belgium?", "capital": "Brussels"}


def test_a_batch_waits_for_a_restarted_database_and_names_one_that_is_gone(call, monkeypatch):
    with own_server() as server:
        monkeypatch.setenv("REFINESCOPE_DATABASE", server.new_database())
        runs.close()
        code, _, err = call("program.json", "capitals.csv", "--arms", "refine_3,single")
        assert code == 0, err
        one = newest().id
        server.stop()
        coming = threading.Thread(target=server.start)
        coming.start()
        assert batch_following._look(one).state == "finished"
        finish(coming)
        server.stop()
        monkeypatch.setattr(patience, "PATIENCE_S", 0.0)
        with pytest.raises(BadInput, match=f"batch --resume {one.rpartition('-')[2]} runs what is left"):
            batch_following._look(one)
        runs.close()
