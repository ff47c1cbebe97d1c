"""The exported scripts: they run exactly as exported, with refine_core and with dspy, and every formatter and linter likes them."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from refine_core.errors import SpecError
from refine_core.export import RunLog, export_run
from refine_core.export.script import write_dspy, write_python
from refine_core.export.script.literals import write_value
from refine_core.practice import PracticeLM
from refine_core.refine.build import find_problems
from refine_core.runs import Runs
from refine_core.spec import ModelSpec, ProgramSpec, StageSpec, ValidatorSpec
from refine_core.spec.examples import EXAMPLES
from refine_core.spec.schedule import Schedule
from refine_core.store import MemoryStore
from tests.openai_server import OpenAIServer
from tests.parity.environment import Missing, python
from tests.threads import run_to_end
from tests.unit.test_reward_shapes_in_runs import REWARDS

ROOT = Path(__file__).parents[2]
WRITERS = {"py": write_python, "dspy": write_dspy}


@pytest.fixture(scope="module")
def dspy_python():
    try:
        return python()
    except Missing as why:
        pytest.skip(str(why))


def run(interpreter, script, folder, server=None, arguments=(), **variables):
    """What a script prints. server: where OpenAI's own address leads to."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "script.py").write_text(script, "utf-8")
    environment = {
        **os.environ,
        "DSPY_CACHEDIR": str(folder / "cache"),
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # litellm would ask the network for prices
        "PYTHONPATH": str(ROOT),
        "PYTHONIOENCODING": "utf-8",
        **variables,
    }
    if server is not None:
        environment |= {
            "OPENAI_API_BASE": server.url,
            "OPENAI_BASE_URL": server.url,
            "OPENAI_API_KEY": "none",
        }
    done = subprocess.run(
        [str(interpreter), "script.py", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, f"{done.stderr}\n{script}"
    return done.stdout


def speak(body):
    """The practice model behind OpenAI's protocol."""
    model = PracticeLM(0, temperature=body.get("temperature"))
    return model(messages=body["messages"], temperature=body.get("temperature"))[0]


def checked(*scripts):
    """The scripts, once ruff has nothing to say about them with its default rules."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        for i, script in enumerate(scripts):
            (Path(folder) / f"script_{i}.py").write_text(script, "utf-8")
        for command in (["format", "--check", "--diff"], ["check"]):
            ruff = [sys.executable, "-m", "ruff", *command, "--isolated", "--no-cache", folder]
            done = subprocess.run(ruff, capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return scripts


def test_the_scripts_of_all_examples_are_formatted_and_pass_a_linter():
    scripts = [write(example.spec) for write in WRITERS.values() for example in EXAMPLES.values()]
    assert not any("noqa" in script for script in checked(*scripts))


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_script_for_refine_core_repeats_its_run(name, tmp_path):
    """On the practice model, which answers the same each time; the flaky one is late by chance, and the adviser reads other code."""
    runs = Runs(MemoryStore())
    try:
        timeline = run_to_end(runs, runs.start(EXAMPLES[name].spec)).timeline
        file = export_run(RunLog(runs.events(timeline.run_id)), "py")
    finally:
        runs.close()
    printed = run(sys.executable, file.data.decode(), tmp_path)
    rewards = ast.literal_eval(printed.rpartition("rewards: ")[2])
    recorded = [attempt.reward for attempt in timeline.attempts]
    assert list(rewards)[:1] == recorded[:1] if name == "flaky" else list(rewards) == recorded


ODD = ProgramSpec(
    stages=(
        StageSpec(
            "plan", 'topic, "when": datetime.date -> notes: list[str]'.replace('"', ""), 'Say "why" \\ and how.\nTwice.',
            "chain_of_thought", {"topic": "what it's about: \u202eevil\u202c"},
            ({"topic": 'a "b"', "notes": ["x", "y"]},),
        ),
        StageSpec("write", "notes: list[str] -> text, score: Optional[float], kind: Literal['a', \"b'c\"]"),
    ),
    reward=(
        "from __future__ import annotations\nimport json, re\n\n"
        "def reward(args, pred) -> Score:\n  x=len(pred.text); unused = 1\n"
        "  return Score(min(1, x/10), feedback='short', parts={'n': x})\n"
    ),
    inputs={"topic": 'quotes " and \' and \\ and \u202e\u2028 and """', "when": "2026-01-31", "gold": {"a": [1, None, True]}},
    title="evil\n# title */ '''",
    N=3,
    threshold=None,
    fail_count=0,
    model=ModelSpec(
        "litellm", "openai/tiny", api_base="http://127.0.0.1:9/v1", key_env="MY_KEY", temperature=0.3, max_tokens=50, seed=3,
        stop=("END",), extra={"top_p": 0.9}, retries=0, cache=False, reply_format="json",
    ),
    adviser=ModelSpec("litellm", "openai/wise", api_base="http://127.0.0.1:9/v1", key_env="MY_KEY"),
    validators=(ValidatorSpec("short", "len(pred.text) < 100", "Be short."), ValidatorSpec("it's", "def check(args, pred):\n  return True", "x")),
    advice_instructions='Be "kind".',
    schedule=Schedule("list", (0.3, 0.6, 0.9)),
)  # fmt: skip


def odd_reply(body):
    text = body["messages"][-1]["content"] + body["messages"][0]["content"]
    if "reward_code" in text:
        fields = {"discussion": "d", "advice": {"plan.predict": "Plan more.", "write": "Write more."}}
    elif "`notes`" in text.split("reasoning")[0] and "topic" not in text:
        fields = {"text": "hello", "score": 1.0, "kind": "a"}
    else:
        fields = {"reasoning": "r", "notes": ["one", "two"], "text": "hello", "score": 1.0, "kind": "a"}
    return json.dumps(fields)


RUNNER = """
import contextlib, io, json, runpy, sys
done = []
for path in sys.argv[1:]:
    printed, error = io.StringIO(), ""
    try:
        with contextlib.redirect_stdout(printed):
            runpy.run_path(path, run_name="__main__")
    except Exception as raised:
        error = repr(raised)
    done.append({"printed": printed.getvalue(), "error": error})
print(json.dumps(done))
"""


@dataclass
class DspyRuns:
    """done: name -> what a script printed, and its error. asked: last messages of all requests of the examples."""

    done: dict
    asked: list
    odd_script: str
    odd_server: OpenAIServer


@pytest.fixture(scope="module")
def dspy_runs(dspy_python, tmp_path_factory):
    """The dspy scripts of all examples, and the odd one, run as exported, with models on this machine.

    One process runs them all, since importing dspy takes longer than running them.
    """
    folder = tmp_path_factory.mktemp("dspy")
    with OpenAIServer(default=speak) as server, OpenAIServer(default=odd_reply, key="k-123") as odd:
        scripts = {name: write_dspy(example.spec) for name, example in EXAMPLES.items()}
        scripts["odd"] = write_odd(write_dspy, odd)
        paths = [folder / f"example_{name}.py" for name in scripts]
        for path, script in zip(paths, scripts.values(), strict=True):
            path.write_text(script, "utf-8")
        printed = run(dspy_python, RUNNER, folder, server, list(map(str, paths)), MY_KEY="k-123")
        asked = [one.json["messages"][-1]["content"] for one in server.requests]
    done = dict(zip(scripts, json.loads(printed.splitlines()[-1]), strict=True))
    return DspyRuns(done, asked, scripts["odd"], odd)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_script_for_dspy_runs_as_exported(name, dspy_runs):
    """With the bug in its reward it ends as dspy ends then: with the reward's own error."""
    done = dspy_runs.done[name]
    if name == "bug" and done["error"]:
        assert "ZeroDivisionError" in done["error"]
    else:
        assert (done["error"], "Prediction(" in done["printed"]) == ("", True)


@pytest.mark.timeout(900)
def test_dspy_sends_the_inputs_and_shows_the_adviser_the_reward(dspy_runs):
    asked = dspy_runs.asked
    for example in EXAMPLES.values():
        for value in example.spec.inputs.values():
            assert any(str(value)[:40] in text for text in asked)
    advice = [text for text in asked if "[[ ## reward_code ## ]]" in text]
    assert advice
    assert all("def reward(args, pred):" in text for text in advice)


def write_odd(write, server):
    """The script of the odd program, for a server on this machine."""
    model, adviser = (replace(one, api_base=server.url) for one in (ODD.model, ODD.adviser))
    return write(replace(ODD, model=model, adviser=adviser))


def check_odd(script, printed, server):
    """It printed what the models said, asked both of them as the run did, and holds no key."""
    bodies = [one.json for one in server.requests]
    assert "hello" in printed
    assert "k-123" not in script
    assert {body["model"] for body in bodies} == {"tiny", "wise"}
    assert all((body["top_p"], body["seed"]) == (0.9, 3) for body in bodies if body["model"] == "tiny")
    assert any("2026-01-31" in message["content"] for message in bodies[0]["messages"])


def test_an_odd_program_runs_as_exported_with_refine_core(tmp_path):
    assert find_problems(ODD) == []
    with OpenAIServer(default=odd_reply, key="k-123") as server:
        script = write_odd(write_python, server)
        check_odd(script, run(sys.executable, script, tmp_path, MY_KEY="k-123"), server)


@pytest.mark.timeout(900)
def test_an_odd_program_runs_as_exported_with_dspy(dspy_runs):
    done = dspy_runs.done["odd"]
    assert done["error"] == ""
    check_odd(dspy_runs.odd_script, done["printed"], dspy_runs.odd_server)


def scored_by(script, args, pred):
    """What the function that the script gives to Refine says of an output. The modules that it needs are stood in for."""
    from types import SimpleNamespace

    class Anything:
        def __init__(self, *args, **kwargs): ...

    stand_in = SimpleNamespace(
        LM=Anything, Module=object, Signature=object, InputField=Anything, OutputField=Anything
    )
    sys.modules["dspy"], before = stand_in, sys.modules.get("dspy")
    try:
        bound = {"__name__": "script"}
        exec(compile(script, "script.py", "exec"), bound)
    finally:
        sys.modules.pop("dspy")
        if before is not None:
            sys.modules["dspy"] = before
    return bound[re.search(r"reward_fn=(\w+)", script)[1]](args, pred)


SHAPED = ProgramSpec(
    (StageSpec("answer", "question -> answer"),),
    "",
    {"question": "What is the capital of France?", "gold": "Paris"},
    N=2,
)


@pytest.mark.parametrize("shape", sorted(REWARDS))
def test_a_reward_of_another_framework_is_called_as_in_the_run(shape):
    spec = replace(SHAPED, reward=REWARDS[shape], reward_shape=shape)
    script, python_script = checked(write_dspy(spec), write_python(spec))
    assert scored_by(script, dict(spec.inputs), {"answer": "Paris"}) == (
        1.25 if shape == "promptfoo" else 1.0
    )
    assert "refine_core.Refine" in python_script


def test_arguments_that_a_person_named_are_passed():
    source = "def rate(text, truth):\n    return float(text == truth)\n"
    spec = replace(
        SHAPED,
        reward=source,
        reward_shape="by_name",
        reward_arguments={"text": "output", "truth": "column:gold"},
    )
    assert scored_by(write_dspy(spec), dict(spec.inputs), {"answer": "Paris"}) == 1.0


def test_a_reward_that_gives_no_score_fails_the_attempt():
    spec = replace(SHAPED, reward="def r(output, expected):\n    return None\n", reward_shape="braintrust")
    with pytest.raises(ValueError, match="no score"):
        scored_by(write_dspy(spec), dict(spec.inputs), {"answer": "x"})


def test_an_attempt_that_breaks_a_rule_ranks_below_every_other_in_dspy():
    rule = ValidatorSpec("short", "len(pred['answer']) < 3", "Be short.")
    spec = replace(SHAPED, reward="def reward(args, pred):\n    return 1.0\n", validators=(rule,))
    script = write_dspy(spec)
    assert scored_by(script, {}, {"answer": "ok"}) == 1.0
    assert scored_by(script, {}, {"answer": "too long"}) < -1000


def test_a_reward_that_asks_a_judge_gets_one():
    spec = replace(
        SHAPED,
        reward='def reward(args, pred):\n    return judge("answer -> score: float", answer=pred["answer"])["score"]\n',
        judge=ModelSpec("litellm", "openai/strict"),
    )
    script, _ = checked(write_dspy(spec), write_python(spec))
    assert "def judge(signature, /, **inputs):" in script
    assert "JUDGE = dspy.LM(" in script


@pytest.mark.parametrize("strategy", ["single", "best_of_n", "refine"])
def test_each_strategy_is_written(strategy):
    spec = replace(EXAMPLES["one_word"].spec, strategy=strategy)
    script, _ = checked(write_dspy(spec), write_python(spec))
    expected = {"single": "program(**INPUTS)", "best_of_n": "dspy.BestOfN(", "refine": "dspy.Refine("}
    assert expected[strategy] in script


@pytest.mark.parametrize("to", WRITERS)
def test_the_script_of_a_branch_says_so_and_runs_the_program_from_its_start(to):
    runs = Runs(MemoryStore())
    try:
        parent = run_to_end(runs, runs.start(EXAMPLES["two_stages"].spec)).timeline.run_id
        branch = runs.branches.fork(parent, 3, hints={"write": "At most 20 words."}, temperature=0.9)
        script = export_run(RunLog(runs.events(run_to_end(runs, branch).timeline.run_id)), to).data.decode()
        whole = WRITERS[to](EXAMPLES["two_stages"].spec)
    finally:
        runs.close()
    checked(script)
    head, code = script.split("\n\n", 1)
    head = re.sub(r"\n# *", " ", head)
    assert f"is a branch of run {parent} from attempt 3 on, with a change: " in head
    assert "hint for write" in head
    assert (
        "Attempts 1 to 2 were kept from that run. This script runs the program from its first attempt" in head
    )
    assert "The run began with hints" not in head
    assert "At most 20 words." not in code
    assert code == whole.split("\n\n", 1)[1]


def test_what_cannot_be_called_in_a_script_is_refused_with_a_reason():
    with pytest.raises(SpecError, match="no Python"):
        write_dspy(replace(SHAPED, reward="def reward(:"))


TEXTS = st.text(max_size=80) | st.sampled_from(
    [
        '"',
        "'",
        "\\",
        '"""',
        "\u202e",
        "\x00\x1b[31m",
        "\ud83d",
        "{x}",
        "x" * 100,
        "\n",
        "caf\u00e9 \u6771\u4eac",
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(VALUES)
def test_any_value_is_written_as_a_literal_that_gives_it_back(value):
    source = write_value(value)
    assert ast.literal_eval(source) == value
    assert all(character.isprintable() or character == "\n" for character in source)


SPECS = st.builds(
    lambda texts, value, strategy, names: replace(
        ODD,
        title=texts[0], strategy=strategy, inputs={"topic": texts[1], "when": "2026-01-01", "more": value},
        stages=(
            replace(ODD.stages[0], name=names[0], instructions=texts[2], descriptions={"topic": texts[3]}),
            replace(ODD.stages[1], name=names[1], instructions=texts[4]),
        ),
    ),
    st.lists(TEXTS, min_size=5, max_size=5), VALUES, st.sampled_from(["single", "best_of_n", "refine"]),
    st.lists(st.sampled_from(["plan", "reward", "args", "MODEL", "Program", "main", "json", "a_very_long_name_" * 5]), min_size=2, max_size=2, unique=True),
)  # fmt: skip


def test_the_scripts_of_any_program_are_formatted_python():
    scripts = []

    @settings(max_examples=40, deadline=None, phases=[Phase.generate])
    @given(SPECS)
    def collect(spec):
        scripts.extend(write(spec) for write in WRITERS.values())

    collect()
    for script in checked(*scripts):
        ast.parse(script)
