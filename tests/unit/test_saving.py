"""Programs on disk: what comes back, what is refused, and what a failure leaves behind."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import json
import logging
import os
import pickle
import subprocess
import sys
from pathlib import Path

import cloudpickle
import pydantic
import pytest

from refine_core import LM, ChainOfThought, Module, Parameter, Predict, Refine, ScriptedLM, Signature
from refine_core.errors import LMError, StateError, UnsafeLoadError
from refine_core.lm.base import BaseLM
from refine_core.lm.types import Reply
from refine_core.modules.saved_files import load
from tests.prompts import reply

ROOT = Path(__file__).parents[2]
KEY = "sk-do-not-write-me"


class Answer(Module):
    """Two stages, and a list of checks."""

    def __init__(self):
        super().__init__()
        self.draft = ChainOfThought("question -> draft")
        self.answer = Predict("question, draft -> answer")
        self.checks = [Predict("answer -> good: bool")]

    def forward(self, question):
        return self.answer(question=question, draft=self.draft(question=question).draft)


def taught():
    """A program that has learned something in every predictor."""
    program = Answer()
    program.answer.demos = [{"question": "2+2?", "draft": "sum", "answer": "4, 四"}]
    program.answer.signature = program.answer.signature.with_instructions("Be brief.")
    program.draft.predict.signature = program.draft.predict.signature.with_instructions("Think.")
    program.checks[0].demos = [{"answer": "4", "good": True}]
    return program


def state_of(module):
    """The state, as text: to compare before and after."""
    return json.dumps(module.dump_state(), default=repr, sort_keys=True)


def files_in(folder):
    return sorted(p.name for p in folder.iterdir())


# --- there and back


@pytest.mark.parametrize("suffix", [".json", ".pkl", ".JSON"])
def test_a_saved_state_comes_back(tmp_path, suffix):
    path, fresh = tmp_path / f"answer{suffix}", Answer()
    taught().save(path)
    assert state_of(fresh) != state_of(taught())
    assert fresh.load(str(path), allow_pickle=suffix == ".pkl") is None
    assert state_of(fresh) == state_of(taught())
    assert files_in(tmp_path) == [path.name]


def test_a_bare_predictor_is_saved_by_itself(tmp_path):
    path, fresh = tmp_path / "one.json", Predict("question, draft -> answer")
    taught().answer.save(path)
    fresh.load(path)
    assert state_of(fresh) == state_of(taught().answer)
    assert not hasattr(fresh, "metadata")


def test_a_predictor_that_holds_others_saves_them_too(tmp_path):
    def made(demos):
        holder = Predict("a -> b")
        holder.helper = Predict("c -> d")
        holder.demos, holder.helper.demos = demos, demos
        return holder

    made([{"a": 1}]).save(tmp_path / "x.json")
    fresh = made([])
    fresh.load(tmp_path / "x.json")
    assert fresh.demos == fresh.helper.demos == [{"a": 1}]


def test_a_state_goes_from_program_to_program_without_a_file():
    fresh = Answer()
    assert fresh.load_state(taught().dump_state()) is fresh
    assert state_of(fresh) == state_of(taught())


def test_the_file_is_readable_and_has_the_shape_of_dspys(tmp_path):
    taught().save(tmp_path / "x.json")
    text = (tmp_path / "x.json").read_text(encoding="utf-8")
    assert "四" in text
    state = json.loads(text)
    assert list(state) == ["draft.predict", "answer", "checks[0]", "metadata"]
    assert set(state["answer"]) == {"traces", "train", "demos", "signature", "lm"}
    assert set(state["metadata"]) == {"dependency_versions", "refine_core"}
    assert set(state["metadata"]["dependency_versions"]) == {"python", "cloudpickle"}, (
        "all that dspy looks up"
    )


def test_a_models_settings_have_the_names_that_dspy_knows(tmp_path):
    """It hands what it does not know to the server, and servers refuse that."""
    program = Predict("a -> b")
    program.lm = LM("m", api_base="http://host/v1", cache=False, max_tokens=9, timeout_s=5)
    program.save(tmp_path / "x.json")
    written = json.loads((tmp_path / "x.json").read_text())["lm"]
    assert set(written) == {
        "model",
        "temperature",
        "max_tokens",
        "api_base",
        "timeout",
        "num_retries",
        "cache",
    }
    program.reset()
    program.load(tmp_path / "x.json")
    assert program.lm.timeout_s == 5


DSPY_FILE = {  # as dspy 2.6.23 writes it
    "draft.predict": {
        "traces": [],
        "train": [],
        "demos": [],
        "signature": {
            "instructions": "Draft it.",
            "fields": [
                {"prefix": "Question:", "description": "${question}"},
                {"prefix": "Reasoning: Let's think step by step in order to", "description": "${reasoning}"},
                {"prefix": "Draft:", "description": "${draft}"},
            ],
        },
        "lm": None,
    },
    "answer": {
        "traces": [],
        "train": [],
        "demos": [{"question": "q", "draft": "d", "answer": "a"}],
        "signature": {
            "instructions": "Answer it.",
            "fields": [
                {"prefix": "Question:", "description": "${question}"},
                {"prefix": "Draft:", "description": "${draft}"},
                {"prefix": "Answer:", "description": "one word"},
            ],
        },
        "lm": None,
    },
    "checks[0]": {
        "traces": [],
        "train": [],
        "demos": [],
        "signature": {
            "instructions": "Check it.",
            "fields": [
                {"prefix": "Answer:", "description": "${answer}"},
                {"prefix": "Good:", "description": "${good}"},
            ],
        },
        "lm": None,
    },
    "metadata": {"dependency_versions": {"python": "3.11", "dspy": "2.6.23", "cloudpickle": "3.1"}},
}


def test_a_file_of_dspy_loads(tmp_path, caplog):
    (tmp_path / "x.json").write_text(json.dumps(DSPY_FILE))
    program = Answer()
    program.load(tmp_path / "x.json")
    assert program.answer.demos == [{"question": "q", "draft": "d", "answer": "a"}]
    assert program.answer.signature.instructions == "Answer it."
    assert program.draft.predict.signature.instructions == "Draft it."
    assert not [r for r in caplog.records if "dspy" in r.getMessage()]


class Colour(enum.Enum):
    RED = "red"


class City(pydantic.BaseModel):
    name: str
    founded: datetime.date


@dataclasses.dataclass
class Point:
    x: int
    y: float


def test_values_that_are_no_json_are_written_as_their_data(tmp_path):
    program = Predict("a, b, c, d, e -> f")
    city = City(name="Rome", founded=datetime.date(1, 1, 1))
    demo = {
        "a": [city],
        "b": datetime.datetime(2024, 1, 2, 3, tzinfo=datetime.UTC),
        "c": (1, {"z", "y"}),
        "d": Point(1, 2.5),
        "e": {1: Colour.RED},
    }
    program.demos = [demo]
    program.save(tmp_path / "x.json")
    program.load(tmp_path / "x.json")
    assert program.demos == [
        {
            "a": [{"name": "Rome", "founded": "0001-01-01"}],
            "b": "2024-01-02T03:00:00+00:00",
            "c": [1, ["y", "z"]],
            "d": {"x": 1, "y": 2.5},
            "e": {"1": "red"},
        }
    ]


def test_half_a_character_is_written_and_read(tmp_path):
    program = Predict("a -> b")
    program.demos = [{"a": "\ud83d é"}]
    program.save(tmp_path / "x.json")
    program.reset()
    program.load(tmp_path / "x.json")
    assert program.demos == [{"a": "\ud83d é"}]


@pytest.mark.parametrize("value", [object(), float("nan"), b"bytes", {(1, 2): 3}])
def test_what_json_cannot_hold_is_named_and_no_file_appears(tmp_path, value):
    program = taught()
    program.checks[0].demos.append({"answer": [value]})
    with pytest.raises(StateError, match=r"checks\[0\]\['demos'\]\[1\]\['answer'\].*\.pkl"):
        program.save(tmp_path / "x.json")
    assert files_in(tmp_path) == []


def test_what_json_cannot_hold_goes_into_a_pickle(tmp_path):
    program, fresh = taught(), Answer()
    program.checks[0].demos = [{"answer": frozenset({(1, 2)}), "good": b"x"}]
    program.save(tmp_path / "x.pkl")
    fresh.load(tmp_path / "x.pkl", allow_pickle=True)
    assert fresh.checks[0].demos == program.checks[0].demos


# --- whole programs


def test_a_whole_program_comes_back_with_its_class(tmp_path):
    taught().save(tmp_path / "made" / "answer", save_program=True)
    assert files_in(tmp_path / "made") == ["answer"]
    assert files_in(tmp_path / "made" / "answer") == ["metadata.json", "program.pkl"]
    metadata = json.loads((tmp_path / "made/answer/metadata.json").read_text())
    assert set(metadata.pop("dependency_versions")) == {"python", "cloudpickle"}, "all that dspy looks up"
    assert set(metadata) == {"refine_core", "pydantic", "litellm", "program_sha256"}
    program = load(tmp_path / "made" / "answer", allow_pickle=True)
    assert type(program) is Answer
    assert state_of(program) == state_of(taught())


def test_saving_into_a_folder_leaves_what_else_is_in_it(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    Answer().save(tmp_path, save_program=True)
    taught().save(tmp_path, save_program=True)
    assert files_in(tmp_path) == ["metadata.json", "notes.txt", "program.pkl"]
    assert state_of(load(tmp_path, allow_pickle=True)) == state_of(taught())


def test_a_refined_program_comes_back_with_its_reward(tmp_path):
    program = Refine(taught(), N=3, reward_fn=lambda args, pred: len(pred.answer), threshold=1.0)
    program.save(tmp_path / "state.json")
    assert "module.draft.predict" in json.loads((tmp_path / "state.json").read_text())
    program.save(tmp_path / "whole", save_program=True)
    back = load(tmp_path / "whole", allow_pickle=True)
    assert back.N == 3
    assert state_of(back) == state_of(program)


SCRIPT = """
import sys
from refine_core import Module, Predict, Signature, InputField, OutputField

class Judge(Signature):
    '''Say whether it holds.'''
    claim: str = InputField()
    holds: bool = OutputField(desc="True if it does")

class Mine(Module):
    def __init__(self):
        super().__init__()
        self.judge = Predict(Judge)
    def forward(self, x):
        return helper(x)

def helper(x):
    return x + 1

Mine().save(sys.argv[1], save_program=True)
"""


def run_python(code, *args):
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", code, *args], env=env, text=True, capture_output=True, check=False
    )


def test_a_class_of_a_script_survives_its_script(tmp_path):
    done = run_python(SCRIPT, str(tmp_path / "mine"))
    assert done.returncode == 0, done.stderr
    program = load(tmp_path / "mine", allow_pickle=True)
    assert type(program).__name__ == "Mine"
    assert program.forward(1) == 2
    assert list(program.judge.signature.fields) == ["claim", "holds"]
    assert program.judge.signature.instructions == "Say whether it holds."
    assert issubclass(program.judge.signature, Signature)


@pytest.mark.parametrize("given", [False, True])
def test_the_code_of_a_module_goes_along_if_it_is_named(tmp_path, given):
    """Without it the loader must be able to import the module, and the error says so."""
    (tmp_path / "my_parts.py").write_text(
        "from refine_core import Module\nclass Part(Module):\n    answer = 42\n"
    )
    script = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import my_parts, cloudpickle\n"
        f"my_parts.Part().save(sys.argv[1], save_program=True, modules_to_serialize={'[my_parts]' if given else None})\n"
        "assert not cloudpickle.list_registry_pickle_by_value()"
    )
    done = run_python(script, str(tmp_path / "saved"))
    assert done.returncode == 0, done.stderr
    if given:
        assert load(tmp_path / "saved", allow_pickle=True).answer == 42
    else:
        with pytest.raises(StateError, match=r"my_parts.*modules_to_serialize"):
            load(tmp_path / "saved", allow_pickle=True)


def test_modules_to_serialize_are_modules(tmp_path):
    with pytest.raises(TypeError, match="import it and give the module"):
        Answer().save(tmp_path / "x", save_program=True, modules_to_serialize=["os"])


def test_an_attribute_that_cannot_be_pickled_is_named_and_no_folder_appears(tmp_path):
    program = taught()
    program.draft.watch = (n for n in range(3))
    with pytest.raises(StateError, match=r"'self\.draft\.watch' cannot be pickled"):
        program.save(tmp_path / "x", save_program=True)
    assert files_in(tmp_path) == []


def test_a_demo_that_cannot_be_pickled_names_its_predictor(tmp_path):
    program = taught()
    program.answer.demos.append({"draft": (n for n in range(3))})
    with pytest.raises(StateError, match="the state of 'answer' cannot be pickled"):
        program.save(tmp_path / "x.pkl")
    assert files_in(tmp_path) == []


# --- code in files


def test_nothing_in_a_pickle_runs_unless_it_is_allowed(tmp_path):
    Answer().save(tmp_path / "program", save_program=True)
    harm = f"import pathlib; pathlib.Path({str(tmp_path / 'harm')!r}).touch()"
    bomb = f"c__builtin__\nexec\n(V{harm}\ntR.".encode()
    (tmp_path / "x.pkl").write_bytes(bomb)
    (tmp_path / "program" / "program.pkl").write_bytes(bomb)
    for attempt in (lambda: Answer().load(tmp_path / "x.pkl"), lambda: load(tmp_path / "program")):
        with pytest.raises(UnsafeLoadError, match=r"runs whatever code.*allow_pickle=True.*\.json"):
            attempt()
    assert not (tmp_path / "harm").exists()


# --- secrets


class Careless(BaseLM):
    """A model of a user's own, which keeps its key where anybody sees it."""

    kind = "scripted"

    def __init__(self):
        super().__init__("careless", api_key=KEY, temperature=0.5, extra={"my_token": KEY})
        self.secret = KEY
        self.api_base = f"https://me:{KEY}@host/v1?key={KEY}"

    def complete(self, messages, params, *, cancel=None, on_retry=None):
        return Reply("x")


@pytest.mark.parametrize(
    "lm",
    [
        lambda: LM("openai/gpt-5", api_key=KEY, extra_headers={"X": KEY}, temperature=0.5),
        lambda: LM("m", api_base=f"http://me:{KEY}@host/v1?key={KEY}", api_key=KEY),
        lambda: LM("m").copy(api_key=KEY),
        Careless,
    ],
    ids=["given", "in the address", "given later", "a user's own model"],
)
def test_no_key_reaches_a_file(tmp_path, lm):
    program = taught()
    program.set_lm(lm())
    program.answer.config["api_key"] = KEY
    program.save(tmp_path / "x.json")
    program.save(tmp_path / "x.pkl")
    program.save(tmp_path / "x", save_program=True)
    program.answer.save(tmp_path / "one.json")
    found = [p.name for p in tmp_path.rglob("*") if p.is_file() and KEY.encode() in p.read_bytes()]
    assert found == []
    assert json.loads((tmp_path / "x.json").read_text())["answer"]["lm"]["model"]
    back = load(tmp_path / "x", allow_pickle=True).get_lm()
    assert back.model == program.answer.lm.model
    assert program.answer.lm.kwargs == lm().kwargs


def test_a_field_named_like_a_secret_is_no_secret(tmp_path):
    """Keys are left out of models, not out of what a program is about."""
    program = Predict("text -> token")
    program.demos = [{"text": "find the token", "token": "T-1"}]
    Holder = type("Holder", (Module,), {})
    holder = Holder()
    holder.lm = program
    holder.save(tmp_path / "x.json")
    assert json.loads((tmp_path / "x.json").read_text())["lm"]["demos"] == program.demos


# --- versions


def test_our_own_version_is_named_if_it_differs_wherever_it_is_written(tmp_path, caplog):
    path = tmp_path / "x.json"
    Answer().save(path)
    now = json.loads(path.read_text())
    then = {**now, "metadata": {"dependency_versions": {"refine_core": "0.0.1"}}}
    now["metadata"]["refine_core"] = "0.0.2"
    for state, version in ((now, "0.0.2"), (then, "0.0.1")):
        caplog.clear()
        path.write_text(json.dumps(state))
        Answer().load(path)
        assert [f"refine_core {version}, and here is" in r.getMessage() for r in caplog.records] == [True]


def test_a_whole_program_whose_versions_stand_where_they_stood_is_loaded(tmp_path, caplog):
    taught().save(tmp_path / "x", save_program=True)
    path = tmp_path / "x" / "metadata.json"
    metadata = json.loads(path.read_text())
    for name in ("refine_core", "pydantic", "litellm"):
        metadata["dependency_versions"][name] = metadata.pop(name)
    path.write_text(json.dumps(metadata))
    assert state_of(load(tmp_path / "x", allow_pickle=True)) == state_of(taught())
    assert caplog.records == []


def test_a_whole_program_holds_a_scripted_model_with_the_rest_of_its_script(tmp_path):
    """Those that shared it share it still."""
    program = Answer()
    script = [reply(answer="one"), reply(reasoning="r", draft="d"), reply(answer="two")]
    lm = ScriptedLM(script, temperature=0.5)
    program.set_lm(lm)
    program.answer.lm = lm.copy(temperature=0.7)
    program.answer(question="?", draft="d")
    program.save(tmp_path / "x", save_program=True)
    back = load(tmp_path / "x", allow_pickle=True)
    first, second = back.draft.predict.lm, back.answer.lm
    assert (first.kwargs["temperature"], second.kwargs["temperature"]) == (0.5, 0.7)
    assert first.calls == second.calls == []
    assert back(question="?").answer == "two"
    assert len(first.calls) == len(second.calls) == 2
    with pytest.raises(LMError, match="the script of 3 replies is used up"):
        second("one more")
    assert len(lm.calls) == 1
    assert lm("which is next?") == [script[1]], "the one that was saved is as it was"


def test_a_scripted_function_goes_along_too(tmp_path):
    program = Answer()
    program.set_lm(ScriptedLM(lambda messages, params: reply(answer="a")))
    program.save(tmp_path / "x", save_program=True)
    assert load(tmp_path / "x", allow_pickle=True).answer(question="?", draft="d").answer == "a"


def with_versions(path, **versions):
    data = json.loads(path.read_text())
    (data.get("metadata") or data)["dependency_versions"].update(versions)
    path.write_text(json.dumps(data))


@pytest.mark.parametrize("whole", [False, True])
def test_each_version_that_differs_is_told(tmp_path, caplog, whole):
    path = tmp_path / ("x" if whole else "x.json")
    Answer().save(path, save_program=whole)
    load(path, allow_pickle=True) if whole else Answer().load(path)
    assert caplog.records == []
    with_versions(path / "metadata.json" if whole else path, python="2.7", nosuchpackage="1.0")
    load(path, allow_pickle=True) if whole else Answer().load(path)
    told = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert len(told) == 2
    assert f"python 2.7, and here is {here}" in told[0]
    assert "nosuchpackage 1.0, and here is none" in told[1]


# --- bad paths


@pytest.mark.parametrize(
    ("name", "whole", "why"),
    [
        ("x", False, r"ends with \.json or \.pkl.*save_program=True"),
        ("x.txt", False, r"ends with \.json or \.pkl"),
        ("folder.json", False, "it is a folder"),
        ("x.json", True, "a whole program is a folder"),
        ("file", True, "it is a file"),
    ],
)
def test_a_path_of_the_wrong_kind_is_refused_before_anything_is_written(tmp_path, name, whole, why):
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "file").write_text("mine")
    before = files_in(tmp_path)
    with pytest.raises(StateError, match=why):
        Answer().save(tmp_path / name, save_program=whole)
    assert files_in(tmp_path) == before
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "error", "why"),
    [
        ("x", StateError, r"refine_core\.load"),
        ("x.txt", StateError, r"ends with \.json or \.pkl"),
        ("folder.json", StateError, "it is a folder"),
        ("missing.json", FileNotFoundError, r"missing\.json does not exist"),
        ("missing.pkl", FileNotFoundError, r"missing\.pkl does not exist"),
    ],
)
def test_a_path_that_cannot_be_loaded_says_why(tmp_path, name, error, why):
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(error, match=why):
        Answer().load(tmp_path / name)


def test_a_program_is_loaded_from_its_folder_only(tmp_path):
    Answer().save(tmp_path / "x.json")
    with pytest.raises(StateError, match=r"program\.load"):
        load(tmp_path / "x.json")
    with pytest.raises(FileNotFoundError, match="missing does not exist"):
        load(tmp_path / "missing")
    with pytest.raises(FileNotFoundError, match=r"metadata\.json does not exist"):
        load(tmp_path, allow_pickle=True)


def test_a_missing_parent_folder_is_an_error_that_leaves_nothing(tmp_path):
    with pytest.raises(FileNotFoundError):
        Answer().save(tmp_path / "no" / "x.json")
    assert files_in(tmp_path) == []


# --- bad files: the module stays as it was


def broken_json():
    good = {**json.loads(json.dumps(taught().dump_state())), "metadata": {"dependency_versions": {}}}
    without = {name: value for name, value in good.items() if name != "checks[0]"}
    return {
        "not JSON": ("hello", "is not JSON"),
        "empty": ("", "is not JSON"),
        "truncated": (json.dumps(good)[:-20], "is not JSON"),
        "too deep": ("[" * 100_000, "is not JSON"),
        "a list": ("[1]", "holds a list"),
        "not text": (b"\xff\xfe\x00", "is not JSON"),
        "a predictor missing": (json.dumps(without), r"has nothing for 'checks\[0\]'"),
        "another program": (json.dumps({"x": 1}), r"'draft\.predict'.*has 'x'"),
        "one predictor": (json.dumps(good["answer"]), "the state of one predictor"),
        "the last one no mapping": (
            json.dumps({**good, "checks[0]": [1]}),
            r"'checks\[0\]' is a mapping, not list",
        ),
        "the last one empty": (json.dumps({**good, "checks[0]": {}}), r"'checks\[0\]' cannot take its state"),
        "other fields": (
            json.dumps({**good, "checks[0]": good["draft.predict"]}),
            r"'checks\[0\]' cannot take its state",
        ),
        "odd metadata": (json.dumps({**good, "metadata": [1]}), "metadata is of another shape"),
    }


@pytest.mark.parametrize("case", broken_json())
def test_a_bad_state_file_is_named_and_leaves_the_module_as_it_was(tmp_path, case):
    content, why = broken_json()[case]
    path, program = tmp_path / "x.json", Answer()
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    program.answer.demos = kept = [{"question": "mine", "draft": "d", "answer": "a"}]
    before, signature = state_of(program), program.answer.signature
    with pytest.raises(StateError, match=why) as caught:
        program.load(path)
    assert "x.json" in str(caught.value)
    assert state_of(program) == before
    assert program.answer.demos is kept
    assert program.answer.signature is signature


def test_a_bad_pickle_is_named_and_leaves_the_module_as_it_was(tmp_path):
    taught().save(tmp_path / "good.pkl")
    good = (tmp_path / "good.pkl").read_bytes()
    bad = {
        "truncated": (good[:-30], "cannot be unpickled"),
        "foreign": (pickle.dumps([1, 2]), "holds a list"),
        "keys": (pickle.dumps({1: 2}), "holds a dict"),
        "junk": (b"hello", "cannot be unpickled"),
        "code": (b"cnosuchmodule\nX\n.", "nosuchmodule"),
    }
    program = Answer()
    before = state_of(program)
    for content, why in bad.values():
        (tmp_path / "x.pkl").write_bytes(content)
        with pytest.raises(StateError, match=why):
            program.load(tmp_path / "x.pkl", allow_pickle=True)
        assert state_of(program) == before


def test_a_damaged_program_folder_is_named(tmp_path):
    taught().save(tmp_path / "x", save_program=True)
    code, metadata = tmp_path / "x" / "program.pkl", tmp_path / "x" / "metadata.json"
    good = code.read_bytes()
    code.write_bytes(good[:-10])
    with pytest.raises(StateError, match="damaged or of another save"):
        load(tmp_path / "x", allow_pickle=True)
    metadata.write_text('{"dependency_versions": {}}')  # as dspy writes it, without a checksum
    with pytest.raises(StateError, match="cannot be unpickled"):
        load(tmp_path / "x", allow_pickle=True)
    code.write_bytes(cloudpickle.dumps({"a": 1}))
    with pytest.raises(StateError, match="holds a dict, not a program"):
        load(tmp_path / "x", allow_pickle=True)
    metadata.write_text("[")
    with pytest.raises(StateError, match="is not JSON"):
        load(tmp_path / "x", allow_pickle=True)


class Touchy(Parameter):
    """A user's own parameter, which changes things before it fails."""

    def __init__(self):
        self.values, self.level = [1], 1

    def dump_state(self):
        return {"values": list(self.values), "level": self.level}

    def load_state(self, state):
        self.values.append(2)
        self.level = self.other = state["level"]
        if self.level > 1:
            raise RuntimeError("too high")
        return self


def test_a_parameter_that_fails_halfway_is_put_back_and_so_are_those_before_it():
    Holder = type("Holder", (Module,), {})
    holder = Holder()
    holder.p, holder.touchy = Predict("a -> b"), Touchy()
    holder.p.demos = kept = [{"a": 1}]
    values = holder.touchy.values
    state = {"p": {**holder.p.dump_state(), "demos": []}, "touchy": {"level": 2}}
    with pytest.raises(StateError, match="'touchy' cannot take its state: RuntimeError: too high"):
        holder.load_state(state)
    assert holder.p.demos is kept
    assert vars(holder.touchy) == {"values": [1], "level": 1}
    assert holder.touchy.values is values


def test_a_state_that_is_no_mapping_is_refused():
    with pytest.raises(StateError, match="a mapping, path -> state, not list"):
        Answer().load_state([])


def test_an_attribute_called_metadata_cannot_be_saved_and_says_so(tmp_path):
    """Dspy writes its versions over that predictor's state."""
    Holder = type("Holder", (Module,), {})
    holder = Holder()
    holder.metadata = Predict("a -> b")
    with pytest.raises(StateError, match="rename the attribute"):
        holder.save(tmp_path / "x.json")


# --- writing


def test_a_failed_save_leaves_the_old_file(tmp_path):
    path, program = tmp_path / "x.json", taught()
    program.save(path)
    before = path.read_bytes()
    program.answer.demos.append({"draft": object()})
    with pytest.raises(StateError):
        program.save(path)
    assert path.read_bytes() == before
    assert files_in(tmp_path) == ["x.json"]


def test_a_save_that_the_disk_refuses_leaves_nothing_of_its_own(tmp_path):
    (tmp_path / "old" / "program.pkl").mkdir(parents=True)  # a folder, where a file should go
    (tmp_path / "new").symlink_to(tmp_path / "nowhere")
    for name in ("old", "new"):
        with pytest.raises(OSError):
            Answer().save(tmp_path / name, save_program=True)
    assert files_in(tmp_path) == ["new", "old"]
    assert files_in(tmp_path / "old") == ["program.pkl"]


def test_a_save_through_a_link_writes_where_it_leads(tmp_path):
    (tmp_path / "real.json").write_text("{}")
    (tmp_path / "link.json").symlink_to(tmp_path / "real.json")
    taught().save(tmp_path / "link.json")
    assert (tmp_path / "link.json").is_symlink()
    assert "answer" in json.loads((tmp_path / "real.json").read_text())


def test_a_program_with_its_own_way_of_keeping_state_is_asked(tmp_path):
    class Own(Module):
        level = 0

        def dump_state(self):
            return {"level": self.level}

        def load_state(self, state):
            self.level = state["level"]
            return self

    program, fresh = Own(), Own()
    program.level = 7
    program.save(tmp_path / "x.json")
    fresh.load(tmp_path / "x.json")
    assert fresh.level == 7


def test_the_practice_model_comes_back_as_itself_and_a_script_as_no_real_one(tmp_path, caplog):
    from refine_core import PracticeLM

    program = Predict("q -> answer")
    program.lm = PracticeLM(7, temperature=0.25)
    program.save(tmp_path / "practice.json")
    program.lm = ScriptedLM(["a"])
    program.save(tmp_path / "script.json")
    again = Predict("q -> answer")
    again.load(tmp_path / "practice.json")
    assert (type(again.lm), again.lm.seed, again.lm.kwargs["temperature"]) == (PracticeLM, 7, 0.25)
    again.load(tmp_path / "script.json")
    assert again.lm is None
    assert "give the program one with set_lm" in caplog.text
