"""A script for dspy.Refine runs with its import changed, and prints what it prints with dspy.

tests/data/ported_script.py is such a script, as a user would write it; both sides ask one and the same server.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
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


def test_the_script_runs_with_its_import_changed_and_does_the_same(dspy_python, tmp_path):
    """The same prints; the same requests, in the same order and as warm; a state of the same predictors and demos."""
    script = SCRIPT.read_text("utf-8")
    assert script.count("import dspy\n") == 1
    ported = script.replace("import dspy\n", "import refine_core as dspy\n")
    theirs, they_asked, they_saved = run(dspy_python, script, tmp_path / "theirs")
    ours, we_asked, we_saved = run(sys.executable, ported, tmp_path / "ours")
    assert ours == theirs
    assert ours.splitlines() == [
        "A tide is the sea that comes and goes.",
        *(
            f"{term}: A {term} is the sea that comes and goes. (9 words)"
            for term in ("echo", "magnet", "fog")
        ),
    ]
    first = 5  # two attempts of two stages, and a request for advice between them; the batch's own come in any order
    assert we_asked[:first] == they_asked[:first]
    assert [asked[0] for asked in we_asked[:first]] == [
        ["reasoning", "explanation", "completed"],
        ["sentence", "words", "completed"],
        ["discussion", "advice", "completed"],
        ["reasoning", "explanation", "completed"],
        ["sentence", "words", "completed"],
    ]
    assert sorted(map(repr, we_asked[first:])) == sorted(map(repr, they_asked[first:]))
    assert list(we_saved) == list(they_saved)
    assert we_saved["module.shorten"]["demos"] == they_saved["module.shorten"]["demos"]


def test_each_library_loads_the_state_that_the_other_saved(dspy_python, tmp_path):
    """So whoever changes the import keeps what was saved before, and can go back."""
    script = SCRIPT.read_text("utf-8")
    saving, loading = script.split("again = ", 1)
    setting_up = saving[: saving.index("first = ")]
    sides = {
        "theirs": (dspy_python, lambda text: text),
        "ours": (sys.executable, lambda text: text.replace("import dspy\n", "import refine_core as dspy\n")),
    }
    saved, printed = {}, {}
    for name, (python, ported) in sides.items():
        _, _, saved[name] = run(python, ported(saving), tmp_path / f"{name} saves")
    for name, other in (("theirs", "ours"), ("ours", "theirs")):
        python, ported = sides[name]
        state = json.dumps(saved[other])
        text = (
            f"{setting_up}\nopen('explain.json', 'w', encoding='utf-8').write({state!r})\nagain = {loading}"
        )
        printed[name], _, _ = run(python, ported(text), tmp_path / f"{name} loads")
    assert printed["ours"] == printed["theirs"]
    assert len(printed["ours"].splitlines()) == 3
