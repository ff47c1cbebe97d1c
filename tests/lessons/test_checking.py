"""A lesson whose numbers do not come out, or whose claims do not hold, is refused."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path

import pytest

from refine_core.cli import main
from refine_core.cli.output import BAD_INPUT
from refine_core.lessons import check_lesson, list_lessons
from refine_core.lessons.expected import FILE
from refine_core.lessons.measures import KINDS
from tests.lessons.lesson_folder import LESSON, TEXT, write_lesson

ROOT = Path(__file__).parents[2]


def places(report):
    return {one.field for one in report.problems}


@pytest.mark.parametrize("lesson", list_lessons(), ids=lambda lesson: lesson.name)
def test_every_lesson_comes_out_as_it_says(lesson):
    """At its seed it is run; at 20 others it was, with all that this depends on as it is now."""
    report = check_lesson(lesson.folder, other_seeds=0)
    assert (report.problems, report.broken) == ((), {})


def test_a_new_lesson_passes_and_overwrites_nothing(tmp_path, capfd):
    folder = tmp_path / "my" / "11-mine"
    assert main(["lesson", "new", str(folder)]) == 0
    assert f"refinescope lesson check {folder} --write" in capfd.readouterr().out
    assert main(["lesson", "check", str(folder), "--seeds", "0"]) == 0
    (folder / "text.md").write_text("mine", encoding="utf-8")
    assert main(["lesson", "new", str(folder)]) == BAD_INPUT
    assert "Name a new folder" in capfd.readouterr().err
    assert (folder / "text.md").read_text(encoding="utf-8") == "mine"


def test_a_folder_that_is_not_there_leads_to_the_template(tmp_path, capfd):
    assert main(["lesson", "check", str(tmp_path / "nowhere")]) == BAD_INPUT
    assert "refinescope lesson new" in capfd.readouterr().err


def test_the_docs_name_every_kind_of_measure_with_its_arguments():
    """Those of the table in docs/lessons.md."""
    docs = (ROOT / "docs" / "lessons.md").read_text(encoding="utf-8")
    for kind, measure in KINDS.items():
        row = next(line for line in docs.splitlines() if line.startswith("| `") and f"`{kind}`" in line)
        arguments = {name for name in inspect.signature(measure).parameters if name != "recorded"}
        assert arguments == set(re.findall(r"`(\w+)`", row.split("|")[2]))


def test_a_claim_that_does_not_hold_is_named_with_its_seeds(tmp_path):
    folder = write_lesson(tmp_path / "one", {"claims": ["right[3] >= right[1]", "right[1] > 0.6"]})
    report = check_lesson(folder, other_seeds=3)
    assert report.broken
    assert set(report.broken.values()) == {("right[1] > 0.6",)}
    assert not report.ok


def test_a_seed_that_is_admitted_may_break_a_claim(tmp_path):
    broken = check_lesson(write_lesson(tmp_path / "one", {"claims": ["right[1] < 0"]}), other_seeds=2).broken
    assert [*broken] == [0, 1000, 2000]
    admits = {"claims": ["right[1] < 0"], "admits": [0, 1000]}
    assert [*check_lesson(write_lesson(tmp_path / "two", admits), other_seeds=2).broken] == [0, 2000]


SHOWN = TEXT.replace("up to {n_a} attempts.", "right for {right[1]:percent}.")


def test_what_is_shown_before_the_run_has_to_come_out(tmp_path):
    folder = write_lesson(tmp_path / "one", text=SHOWN)
    assert places(check_lesson(folder, other_seeds=1)) == {"expected.json right"}
    assert check_lesson(folder, other_seeds=1, writes=True).ok
    assert check_lesson(folder, other_seeds=1).ok
    kept = (folder / FILE).read_text(encoding="utf-8")
    told = json.loads(kept)
    told["measures"]["right"]["1"] += 0.25
    (folder / FILE).write_text(json.dumps(told), encoding="utf-8")
    assert places(check_lesson(folder, other_seeds=1)) == {"expected.json right"}


def test_claims_count_as_tried_until_something_changes(tmp_path):
    given = {"prediction": {**LESSON["prediction"], "given": []}}
    folder = write_lesson(tmp_path / "one", given)
    assert places(check_lesson(folder, other_seeds=0)) == {FILE}
    assert check_lesson(folder, other_seeds=20, writes=True).ok
    assert check_lesson(folder, other_seeds=0).ok
    text = (folder / "lesson.json").read_text(encoding="utf-8")
    (folder / "lesson.json").write_text(text.replace("How fast", "How slowly"), encoding="utf-8")
    assert check_lesson(folder, other_seeds=0).ok
    (folder / "lesson.json").write_text(text.replace(">= right[1]", "> right[1]"), encoding="utf-8")
    assert places(check_lesson(folder, other_seeds=0)) == {FILE}


def test_a_number_in_a_text_and_too_many_words_are_refused(tmp_path):
    text = TEXT.replace("More attempts help.", "Take 3 attempts. " + "Word " * 250)
    folder = write_lesson(tmp_path / "one", {"title": "Are 3 attempts enough?"}, text)
    found = check_lesson(folder, other_seeds=0)
    assert {"text.md", "text.md # Remember", "lesson.json title"} <= places(found)


def test_a_lesson_whose_runs_fail_is_refused_with_their_error(tmp_path):
    base = {
        "stages": [{"name": "answer", "signature": "question -> answer"}],
        "reward": "def reward(a, p):\n    return 1 / 0\n",
    }
    experiment = {"base": base, "arms": ["single"]}
    given = {"prediction": {**LESSON["prediction"], "x": [1]}, "claims": ["right[1] > 0"]}
    text = TEXT.replace("{right[3]:percent}", "{right[1]:percent}")
    report = check_lesson(write_lesson(tmp_path / "one", given, text, experiment), other_seeds=0)
    (problem,) = (one for one in report.problems if one.field == "experiment.json")
    assert "4 of 4 runs failed" in problem.message
    assert "division by zero" in problem.message


def test_an_outcome_that_cannot_be_guessed_is_refused(tmp_path):
    given = {"prediction": {**LESSON["prediction"], "scale": 1000, "x": [1, 2, 3, 9]}}
    found = places(check_lesson(write_lesson(tmp_path / "one", given), other_seeds=0))
    assert {"lesson.json prediction.x", "lesson.json prediction.high"} <= found


def test_a_check_that_nothing_or_more_than_one_choice_passes_is_refused(tmp_path):
    none = {"kind": "choice", "choices": ["one", "two"], "right": "5"}
    assert "lesson.json check" in places(
        check_lesson(write_lesson(tmp_path / "one", {"check": none}), other_seeds=0)
    )


def test_lesson_check_prints_what_is_wrong_and_exits_with_one(tmp_path, capfd):
    folder = write_lesson(tmp_path / "one", {"claims": ["right[1] < 0"]})
    command = ["lesson", "check", str(folder), "--seeds", "1"]
    assert main(command) == 1
    assert "seed 1000: right[1] < 0 does not hold" in capfd.readouterr().out
    assert main([*command, "--json"]) == 1
    told = json.loads(capfd.readouterr().out)
    assert told["broken"] == {"0": ["right[1] < 0"], "1000": ["right[1] < 0"]}
