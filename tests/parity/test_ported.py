"""A script for dspy.Refine runs with its import changed, and prints what it prints with dspy.

tests/data/ported_script.py is such a script, as a user would write it; both sides ask one and the same server.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.openai_server import OpenAIServer
from tests.parity.reading import sections

pytestmark = pytest.mark.timeout(900)  # the first test may have to wait for pip

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "tests" / "data" / "ported_script.py"
SENTENCES = {
    True: "A {term} is the sea that comes and goes.",
    False: "It is a thing that happens, " + "and " * 9 + "so on.",
}


def speak(body):
    """A model that explains at length, and briefly once it is advised to; it says so in either library's format."""
    shown, request = sections(body["messages"][-1]["content"])
    if "reward_code" in shown:
        names = json.loads(shown["module_names"])
        return under_markers(
            discussion="too long", advice=json.dumps(dict.fromkeys(names, "Name it, in nine words."))
        )
    if "explanation" in shown:
        term = shown["explanation"].removeprefix("all about ")
        brief = SENTENCES["hint_" in shown].format(term=term)
        return under_markers(sentence=brief, words=len(brief.split()))
    assert "`[[ ## reasoning ## ]]`" in request
    return under_markers(reasoning="step by step", explanation=f"all about {shown['term']}")


def under_markers(**fields):
    return (
        "\n\n".join(f"[[ ## {name} ## ]]\n{value}" for name, value in fields.items())
        + "\n\n[[ ## completed ## ]]"
    )


def run(python, script, folder):
    """(what it printed, what it asked the model for, the state that it saved)."""
    folder.mkdir()
    with OpenAIServer(default=speak) as server:
        told = {
            "API_BASE": server.url,
            "API_KEY": "none",
            "DSPY_CACHEDIR": str(folder / "cache"),
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # litellm would ask the network for prices
            "PYTHONPATH": str(ROOT),
            "PYTHONIOENCODING": "utf-8",
        }
        (folder / "script.py").write_text(script, "utf-8")  # dspy reads the source of rewards and programs
        done = subprocess.run(
            [str(python), "script.py"],
            cwd=folder,
            env={**os.environ, **told},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
    assert done.returncode == 0, done.stderr
    return (
        done.stdout,
        [_asked(one.json) for one in server.requests],
        json.loads((folder / "explain.json").read_text("utf-8")),
    )


def _asked(body):
    """What a request is for, how warm, and which inputs it shows."""
    shown, request = sections(body["messages"][-1]["content"])
    wanted = re.findall(r"`\[\[ ## (\w+) ## \]\]`", request)
    turns = [one["role"] for one in body["messages"]]
    return wanted, body["temperature"], list(shown), shown.get("hint_"), turns


def on_both_sides(pythons, script, folder):
    """What came of a script on each side, theirs as dspy runs it and ours with its import changed."""
    assert script.count("import dspy\n") == 1
    scripts = (script, script.replace("import dspy\n", "import refine_core as dspy\n"))
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(run, pythons, scripts, (folder / "theirs", folder / "ours")))


@pytest.fixture(scope="module")
def pythons(dspy_python):
    return dspy_python, sys.executable


@pytest.fixture(scope="module")
def whole(pythons, tmp_path_factory):
    script = SCRIPT.read_text("utf-8")
    return on_both_sides(pythons, script, tmp_path_factory.mktemp("whole"))


def test_the_script_prints_the_same_with_its_import_changed(whole):
    (theirs, *_), (ours, *_) = whole
    assert ours == theirs
    assert ours.splitlines() == [
        "A tide is the sea that comes and goes.",
        *(
            f"{term}: A {term} is the sea that comes and goes. (9 words)"
            for term in ("echo", "magnet", "fog")
        ),
    ]


def test_it_asks_the_same_of_the_model(whole):
    """As warm, with the same inputs, hints and demos, in the same order."""
    (_, theirs, _), (_, ours, _) = whole
    draft, shorten = ["reasoning", "explanation", "completed"], ["sentence", "words", "completed"]
    alone = [draft, shorten, ["discussion", "advice", "completed"], draft, shorten]
    assert [wanted for wanted, *_ in ours[: len(alone)]] == alone
    assert ours[: len(alone)] == theirs[: len(alone)]
    # Those of the batch come in any order.
    assert sorted(map(repr, ours[len(alone) :])) == sorted(map(repr, theirs[len(alone) :]))


@pytest.mark.parametrize("whose", ["dspy's", "ours"])
def test_a_state_is_loaded_by_either_whoever_saved_it(whole, pythons, tmp_path, whose):
    """Whoever changes the import keeps what was saved before, and may change it back."""
    (_, _, theirs), (_, _, ours) = whole
    assert list(ours) == list(theirs)
    before, rest = SCRIPT.read_text("utf-8").split("explain = ", 1)
    put_there = f"open('explain.json', 'w').write({json.dumps(ours if whose == 'ours' else theirs)!r})\n"
    script = before + put_there + "again = " + rest.split("again = ", 1)[1]
    (they_print, they_ask, _), (we_print, we_ask, _) = on_both_sides(pythons, script, tmp_path)
    assert we_print == they_print
    assert sorted(map(repr, we_ask)) == sorted(map(repr, they_ask))
    assert any("assistant" in turns for *_, turns in we_ask), "the demo that was saved is shown"
