"""What Jupyter and `print` show of a refinement, a run and a what-if."""

from __future__ import annotations

import re

import nbclient
import nbformat
import pytest

from refine_core import BestOfN, Predict, ScriptedLM, context
from refine_core import events as ev
from refine_core.export.notebook import mimebundle, write_text
from refine_core.log.timeline import Timeline
from refine_core.refine.result import AttemptResult, Refinement
from refine_core.runs.run import Run
from refine_core.stop_summary import stop_sentences
from tests import logs

CELLS = """
from refine_core import Predict, Refine, ScriptedLM, configure

def reply(**fields):
    return "".join(f"[[ ## {name} ## ]]\\n{text}\\n\\n" for name, text in fields.items()) + "[[ ## completed ## ]]"

configure(lm=ScriptedLM([
    reply(answer="It is Brussels, of course."),
    reply(discussion="too long", advice='{"self": "Answer with one word."}'),
    reply(answer="Brussels"),
]))

def one_word(args, pred):
    return 1.0 if len(pred.answer.split()) == 1 else 0.25

answer = Refine(Predict("question -> answer"), N=3, reward_fn=one_word, threshold=1.0)(question="The capital?")
---
answer.refinement
---
print(answer.refinement)
---
from refine_core import runs
from refine_core.spec.examples import EXAMPLES

run_id = runs.start(EXAMPLES["two_stages"].spec)
runs.join(run_id, 60)
runs.get(run_id)
---
runs.what_if(run_id, threshold=0.6)
---
import sys
sorted(sys.modules.keys() & {"streamlit", "plotly", "pandas", "pyarrow"})
"""


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """The outputs of each cell of a notebook that was executed in Jupyter's own kernel."""
    home = str(tmp_path_factory.mktemp("home"))
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS.split("---\n")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    folders = ("REFINESCOPE_HOME", "IPYTHONDIR", "JUPYTER_RUNTIME_DIR")
    with pytest.MonkeyPatch.context() as environment:
        for name in folders:
            environment.setenv(name, home)
        nbclient.NotebookClient(notebook, timeout=100, kernel_name="python3").execute()
    return [cell.outputs for cell in cells]


def shown(outputs):
    (output,) = (o for o in outputs if o.output_type == "execute_result")
    return output.data


def test_a_refinement_is_drawn_in_a_notebook(executed):
    html = shown(executed[1])["text/html"]
    assert "Stopped at attempt 2: reward 1.00 ≥ threshold 1.00." in html
    assert "<svg" in html
    assert "Answer with one word." in html
    assert "Brussels" in html


def test_print_shows_a_refinement_as_a_table(executed):
    (output,) = executed[2]
    lines = output.text.splitlines()
    assert lines[0] == "Stopped at attempt 2: reward 1.00 ≥ threshold 1.00."
    assert lines[2].split() == ["1", "0", "0.25", "────●", "It", "is", "Brussels,", "of", "course."]
    assert lines[3].split() == ["→", "2", "0.5", "1.00", "+0.75", "───────────────■", "Brussels"]
    assert lines[4].startswith("2 attempts, 1 request for advice, ")


def test_a_run_and_a_what_if_are_drawn_in_a_notebook(executed):
    run, what_if = shown(executed[3]), shown(executed[4])
    assert "Prompts and replies, 11 calls" in run["text/html"]
    assert "attempt 3 would be returned" in what_if["text/html"]
    assert what_if["text/plain"].count("other advice") == 3


def test_a_notebook_loads_no_screen_to_draw_a_run(executed):
    assert shown(executed[5])["text/plain"] == "[]"


@pytest.mark.parametrize("cell", [1, 3, 4])
def test_an_output_holds_no_script_and_styles_that_stay_inside(executed, cell):
    html = shown(executed[cell])["text/html"]
    assert not re.search(r"<script|<link|<img|\son\w+=|url\(|@import|javascript:", html)
    sheet = re.search(r"<style>(.*?)</style>", html, re.DOTALL)[1]
    selectors = [one for rule in sheet.split("}") if "{" in rule for one in rule.split("{")[0].split(",")]
    assert [one for one in selectors if not one.strip().startswith(".refinescope.refinescope")] == []


# ---- what a model wrote

ESCAPES = "\x1b[31mred\x1b[0m \x9b2J \u202ekcab \u2066 <script>alert(1)</script> <b onclick=x>"


def a_run(log) -> Run:
    timeline: Timeline = log.timeline
    sentences = stop_sentences(timeline)
    return Run("run-1", timeline, "finished", " ".join(sentences), "2 attempts", stop_sentences=sentences)


def test_no_escape_sequence_and_no_direction_mark_reaches_the_terminal():
    log = logs.Log(stages=("answer",), N=2, threshold=1.0)
    log.attempt(0.5, outputs={"answer": ESCAPES})
    log.advise({"answer": ESCAPES})
    log.attempt(None, outputs={"answer": ESCAPES}, error=ev.Fault("ValueError", ESCAPES, "program"))
    log.finish()
    text = str(a_run(log))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    assert "red" in text


def test_what_a_model_wrote_is_no_markup_in_a_notebook():
    log = logs.hostile()
    html = mimebundle(a_run(log))["text/html"]
    tags = set(re.findall(r"<(\w+)", html))
    assert tags <= {
        "div",
        "style",
        "p",
        "svg",
        "g",
        "a",
        "text",
        "path",
        "rect",
        "circle",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "span",
        "b",
        "br",
        "ins",
        "del",
        "details",
        "summary",
        "pre",
        "h5",
        "mark",
    }


def test_a_long_run_is_short_in_a_terminal():
    text = str(a_run(logs.long(200)))
    assert len(text.splitlines()) < 35
    assert "more" in text


def test_a_terminal_without_these_letters_is_given_plain_ones(monkeypatch):
    class Ascii:
        encoding = "ascii"

    monkeypatch.setattr("sys.stdout", Ascii())
    assert write_text(a_run(logs.headline())).isascii()


def test_the_repr_of_a_run_is_one_line():
    assert repr(a_run(logs.headline())).startswith("<Run run-1, finished: Stopped at attempt 4")


def test_a_refinement_of_an_older_version_still_prints():
    old = Refinement("attempts_used_up", 0, 0)
    assert str(old) == repr(old)
    assert "text/html" not in mimebundle(old)


def test_a_refinement_shows_what_each_attempt_returned():
    """The attempts that were not returned, too: nothing else holds on to those."""
    replies = [f"[[ ## answer ## ]]\n{text}\n\n[[ ## completed ## ]]" for text in ("first", "second")]

    def reward(args, pred):
        return float(pred.answer == "second")

    with context(lm=ScriptedLM(replies)):
        text = str(BestOfN(Predict("q -> answer"), 2, reward, threshold=1.0)(q="?").refinement)
    assert "first" in text
    assert "second" in text


@pytest.mark.parametrize(
    ("attempt", "line"),
    [
        (AttemptResult(1, 0.5, {}, 1.0), "Attempt 2: reward 1.00, temperature 0.5"),
        (AttemptResult(0, 1.0, {}, 0.25, fixed_temperature=("self",)), "Attempt 1: reward 0.25, rollout 0"),
        (
            AttemptResult(0, 0.0, {}, 0.5, unmet={"short": "x"}),
            "Attempt 1: reward 0.50, temperature 0, not met: short",
        ),
        (AttemptResult(2, 0.0, {}), "Attempt 3: no reward, temperature 0"),
        (
            AttemptResult(0, 0.0, {}, error=ev.Fault("ValueError", "no\x1b[31m\nred", "code")),
            "Attempt 1: failed, ValueError: no\u241b[31m red",
        ),
    ],
)
def test_an_attempt_prints_on_one_line(attempt, line):
    assert str(attempt) == line
