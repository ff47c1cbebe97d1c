"""Static checks of a reward: errors and warnings that reading finds, and what it leaves alone. Notes: test_reward_notes.py."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest

from refine_core.programs import EXAMPLES, apply_fix
from refine_core.refine.build import list_reward_fields
from refine_core.rewards.checks import (
    Fields,
    Finding,
    check_recognized,
    check_reward,
    find_call_question,
    rename_parameters,
)
from refine_core.rewards.shapes import recognize

DATA = Path(__file__).parents[1] / "data"
CASES = json.loads((DATA / "rewards" / "cases.json").read_text())
FIELDS = Fields({"question": str, "gold": str}, {"answer": str, "confidence": float})


def list_faults(source, name=None, fields=None):
    """What is wrong for sure; notes have tests of their own."""
    return tuple(one for one in check_reward(source, name, fields) if one.severity != "note")


def check(body, fields=FIELDS):
    return list_faults(textwrap.dedent(body), None, fields)


def codes(body, fields=FIELDS):
    return [finding.code for finding in check(body, fields)]


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_working_reward_has_no_findings(name):
    source = (DATA / "rewards" / f"{name}.py").read_text()
    case = CASES[name][0]
    fields = Fields(
        {k: type(v) for k, v in case["args"].items()}, {k: type(v) for k, v in case["pred"].items()}
    )
    assert list_faults(source, None, fields) == ()
    assert find_call_question(source, None, fields) is None


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_a_worked_example_has_no_findings(name):
    spec = EXAMPLES[name].spec
    assert list_faults(spec.reward, None, list_reward_fields(spec)) == ()
    assert find_call_question(spec.reward, None, list_reward_fields(spec)) is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("e1_syntax", [("syntax", 3)]),
        ("e2_zero_div_nested", []),
        ("e3_keyerror", [("unknown-input", 4)]),
        ("e4_attr_none", []),
        ("e5_json_in_stdlib", []),
        ("e6_comprehension", []),
        ("e7_import", [("missing-module", 2)]),
        ("e8_name", [("unknown-name", 3)]),
        ("e9_assert", []),
        ("e10_no_reward", [("no-reward", None)]),
    ],
)
def test_errors_that_reading_can_know_are_found_at_their_line(name, expected):
    source = (DATA / "reward-errors" / f"{name}.py").read_text()
    assert [(f.code, f.line) for f in list_faults(source, None, FIELDS)] == expected


@pytest.mark.fault(17)
@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("return len(pred.anser)", "pred has no field 'anser'. Did you mean 'answer'?"),
        ("return len(pred['anser'])", "pred has no field 'anser'. Did you mean 'answer'?"),
        ("return len(getattr(pred, 'anser'))", "pred has no field 'anser'. Did you mean 'answer'?"),
        ("p = pred; return len(p.anser)", "p has no field 'anser'. Did you mean 'answer'?"),
        ("return len([w for w in pred.anser])", "pred has no field 'anser'. Did you mean 'answer'?"),
        ("return len(f'{pred.anser}')", "pred has no field 'anser'. Did you mean 'answer'?"),
        ("return (lambda: len(pred.anser))()", "pred has no field 'anser'. Did you mean 'answer'?"),
        ("return len(pred.headline)", "pred has no field 'headline'. It has answer, confidence."),
        ("return len(args['qestion'])", "args has no input 'qestion'. Did you mean 'question'?"),
        ("return len(args.question)", 'args is a dict: write args["question"]'),
        ("return len(pred.answer.spilt())", "pred.answer is text, which has no 'spilt'. Did you mean 'split'?"),
        ("return len(args['gold'].spilt())", "args['gold'] is text, which has no 'spilt'."),
        ("return len(re.findall('a', pred.answer))", "re is not imported."),
        ("return lenn(pred.answer)", "Nothing here is called 'lenn'. Did you mean 'len'?"),
    ],
)  # fmt: skip
def test_a_reward_that_cannot_work_is_found_before_it_runs(line, said):
    (finding,) = check(f"def reward(args, pred):\n    {line}\n")
    assert (finding.severity, finding.line) == ("error", 2)
    assert finding.message.startswith(said)


def test_a_field_that_every_attempt_asks_for_is_said_to_fail_each():
    always = "def reward(args, pred):\n    n = len(pred.anser)\n    return n\n"
    sometimes = (
        "def reward(args, pred):\n    if args['gold']:\n        return len(pred.anser)\n    return 1\n"
    )
    assert check(always)[0].message.endswith("Every attempt would fail here.")
    assert not check(sometimes)[0].message.endswith("Every attempt would fail here.")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("len(pred.anser)", "len(pred.answer)"),
        ("len(pred['anser'])", "len(pred['answer'])"),
        ("'ümläut', len(pred.anser)", "'ümläut', len(pred.answer)"),
        ('args["qestion"]', 'args["question"]'),
        ("args.question", 'args["question"]'),
        ("args.qestion", 'args["question"]'),
        ("pred.headline.split()", "pred.answer.split()"),
        ('pred["headline"]', 'pred["answer"]'),
    ],
)
def test_a_fix_puts_the_right_name_in_its_place(before, after):
    source = f"def reward(args, pred):\n    x = {before}\n    return 1.0\n"
    (finding,) = check(source)
    lines = source.split("\n")
    fix, text = finding.fix, lines[finding.fix.line - 1]
    lines[fix.line - 1] = text[: fix.column - 1] + fix.text + text[fix.end_column - 1 :]
    assert lines[1] == f"    x = {after}"


def test_a_way_out_without_a_return_gets_one_at_the_end():
    source = "def reward(args, pred):\n    if pred.answer:\n        return 1.0\n\n\nHELPERS = 1\n"
    (finding,) = check(source)
    fixed = apply_fix(source, finding.fix)
    assert (
        fixed
        == "def reward(args, pred):\n    if pred.answer:\n        return 1.0\n    return 0.0\n\n\nHELPERS = 1\n"
    )
    assert check(fixed) == ()


@pytest.mark.parametrize(
    "body",
    [
        "return getattr(pred, 'other', 0)",
        "return args.get('other', 0)",
        "return pred.other if hasattr(pred, 'other') else 0",
        "return args['other'] if 'other' in args else 0",
        "pred.other = 1; return pred.other",
        "pred['other'] = 1; return pred['other']",
        "pred = {'other': 1}; return pred['other']",
        "return len(pred.toDict())",
        "return sum(len(v) for v in pred.values())",
        "return max(pred.other for pred in [])",
        "args.update(other=1); return args['other']",
        "p = pred; p = 3; return p.real",
    ],
)
def test_what_a_reward_guards_or_adds_is_left_alone(body):
    assert codes(f"def reward(args, pred):\n    {body}\n") == []


def test_a_try_that_expects_a_missing_field_is_left_alone():
    body = "def reward(args, pred):\n    try:\n        return len(pred.other)\n    except AttributeError:\n        return 0.0\n"
    assert codes(body) == []


def test_fields_are_followed_into_a_helper_that_is_given_the_prediction():
    body = (
        "def words(p):\n    return p.anser.split()\n\ndef reward(args, pred):\n    return len(words(pred))\n"
    )
    assert [(f.code, f.line) for f in check(body)] == [("unknown-field", 2)]


def test_a_helper_that_is_given_other_things_too_is_left_alone():
    body = (
        "def words(p):\n    return p.anser\n\ndef reward(args, pred):\n    return words(pred) + words(args)\n"
    )
    assert codes(body) == []


def test_an_instance_and_a_lambda_are_read_like_a_function():
    instance = (
        "class R:\n    def __call__(self, args, pred):\n        return len(pred.anser)\n\nreward = R()\n"
    )
    assert codes(instance) == ["unknown-field"]
    assert codes("reward = lambda args, pred: len(pred.anser)\n") == ["unknown-field"]


def test_unknown_fields_are_not_looked_for_where_the_signature_is_not_known():
    assert codes("def reward(args, pred):\n    return pred.x + args['y']\n", Fields()) == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("if x:\n    return 1\nelif y:\n    return 2", [("missing-return", 4)]),
        ("if x:\n    return 1\nelif y:\n    z = 2\nelse:\n    return 3", [("missing-return", 5)]),
        ("for w in x:\n    return 1", [("missing-return", 2)]),
        ("try:\n    return 1\nexcept ValueError:\n    pass", [("missing-return", 5)]),
        ("match x:\n    case 1:\n        return 1", [("missing-return", 2)]),
        ("while True:\n    if x:\n        break\n    return 1", [("missing-return", 4)]),
        ("if x:\n    return\nreturn 1", [("missing-return", 3)]),
        ("if x:\n    return None\nreturn 1", [("missing-return", 3)]),
        ("x = 1", [("no-return", 1)]),
        ("pass", [("no-return", 1)]),
        ("return None", [("no-return", 1)]),
        ("raise NotImplementedError", [("no-return", 1)]),
        ("yield 1", [("generator", 1)]),
        ("return 'good'", [("wrong-return", 2)]),
        ("return 1.0, 'good'", [("wrong-return", 2)]),
        ("return {'score': 1}", [("wrong-return", 2)]),
        ("return [1.0]", [("wrong-return", 2)]),
    ],
)
def test_a_way_through_the_reward_that_returns_no_number_is_found(body, expected):
    source = "def reward(args, pred, x=1, y=2):\n" + textwrap.indent(body, "    ") + "\n"
    assert [(f.code, f.line) for f in check(source)] == expected


@pytest.mark.parametrize(
    "body",
    [
        "if x:\n    return 1\nelse:\n    return 2",
        "if x:\n    return 1\nraise ValueError",
        "while True:\n    if x:\n        return 1",
        "for w in x:\n    if w:\n        return 1\nelse:\n    return 0",
        "for i in (1, 2):\n    return i",
        "try:\n    return 1\nexcept ValueError:\n    return 0",
        "try:\n    y = 1\nexcept ValueError:\n    return 0\nelse:\n    return y",
        "try:\n    y = 1\nfinally:\n    return 1",
        "match x:\n    case 1:\n        return 1\n    case _:\n        return 0",
        "with open('a') as f:\n    return 1",
        "if x:\n    return 1\nimport sys\nsys.exit(1)",
        "if x:\n    return 1\nassert False",
        "def inner():\n    pass\nreturn 1",
        "return x if y else 0",
        "if True:\n    return 1",
    ],
)
def test_a_reward_that_returns_on_every_way_has_no_finding(body):
    assert codes("def reward(args, pred, x=1, y=2):\n" + textwrap.indent(body, "    ") + "\n") == []


@pytest.mark.parametrize(
    "header",
    [
        "def reward(args)", "def reward(args, pred, trace)", "def reward()", "def reward(*, args, pred)",
        "def reward(args, pred, *, strict)",
    ],
)  # fmt: skip
def test_parameters_that_two_arguments_do_not_fit_are_found(header):
    (finding,) = check(f"{header}:\n    return 1.0\n")
    assert (finding.code, finding.severity, finding.line) == ("parameters", "error", 1)
    assert "it is called with two, reward(args, pred)" in finding.message


@pytest.mark.parametrize(
    "header",
    [
        "def reward(args, pred, trace=None)",
        "def reward(*given)",
        "def reward(args, *rest, **named)",
        "def f(x, y, /)",
    ],
)
def test_parameters_that_two_arguments_fit_are_left_alone(header):
    assert codes(f"{header}:\n    return 1.0\n") == []


def test_an_async_reward_is_read_like_any_other():
    assert codes("async def reward(args, pred):\n    return 1.0\n") == []
    assert codes("async def reward(args, pred):\n    return 'good'\n") == ["wrong-return"]
    assert codes("async def reward(args, pred):\n    yield 1.0\n") == ["generator"]


@pytest.mark.fault(14)
@pytest.mark.parametrize(
    "line",
    [
        "import socket", "import subprocess", "import requests", "import urllib.request", "import http.client as h",
        "from urllib.request import urlopen", "from urllib import request", "from multiprocessing import Pool",
        "import os; os.system('ls')", "from os import system", "import json, subprocess",
    ],
)  # fmt: skip
def test_an_import_that_the_sandbox_refuses_has_a_mark_that_says_why(line):
    (finding,) = check(f"{line}\n\ndef reward(args, pred):\n    return 1.0\n")
    assert (finding.code, finding.severity, finding.line) == ("sandbox", "warning", 1)
    assert finding.message.endswith(
        "does not work here. Rewards run in a sandbox without network, other programs or files."
    )


def test_harmless_imports_have_no_mark():
    line = "import os, re, json, urllib.parse, http, html.parser\nfrom urllib.parse import quote\nfrom os import path"
    assert codes(f"{line}\n\ndef reward(args, pred):\n    return 1.0\n") == []


def test_an_optional_import_is_left_alone():
    body = "try:\n    import not_a_module_xyz\nexcept ImportError:\n    pass\n\ndef reward(args, pred):\n    return 1.0\n"
    assert codes(body) == []


@pytest.mark.parametrize(
    "body",
    [
        "from math import *\n\ndef reward(args, pred):\n    return sqrt(4)\n",
        "def reward(args, pred):\n    global seen\n    seen = 1\n    return seen\n",
        "def reward(args, pred):\n    try:\n        return helper()\n    except NameError:\n        return 0\n",
        "def reward(args, pred):\n    x: Undefined = 1\n    return x\n",
        "from __future__ import annotations\n\ndef reward(args: Undefined, pred) -> Other:\n    return 1\n",
        "def reward(args, pred):\n    match args:\n        case {'a': first, **rest}:\n            return len(rest) + first\n        case [one, *more]:\n            return one + len(more)\n        case _:\n            return 0\n",
        "def reward(args, pred):\n    return Score(1.0, feedback=judge('a -> b', a='x')['b'])\n",
        "class A:\n    def f(self):\n        return __class__\n\ndef reward(args, pred):\n    return (n := 3) + n\n",
        "def reward(args, pred):\n    try:\n        return 1\n    except ValueError as e:\n        print(e)\n        return 0\n",
    ],
)
def test_names_that_something_binds_are_left_alone(body):
    assert codes(body) == []


@pytest.mark.fault(12)
@pytest.mark.parametrize(
    ("header", "framework"),
    [
        ("grade(sample, item)", "an OpenAI grader"),
        ("get_assert(output, context)", "promptfoo"),
        ("reward(completion, answer, **kw)", "verifiers"),
        ("metric(example, pred)", "a dspy metric"),
        ("metric(example, pred, trace=None)", "a dspy metric"),
        ("metric(gold, pred)", "a dspy metric"),
        ("reward_func(prompts, completions, **kwargs)", "TRL"),
        ("evaluate(outputs, reference_outputs)", "LangSmith"),
        ("compute_score(data_source, solution_str, ground_truth=None, extra_info=None)", "verl"),
        ("compute_score(solution_str, ground_truth)", "verl"),
        ("scorer(input, output)", "Braintrust"),
        ("scorer(output, expected)", "Braintrust"),
        ("score(state, target)", "Inspect"),
        ("reward_func(queries, prompts, labels=None)", "OpenRLHF"),
        ("evaluator(run, example)", "LangSmith"),
        ("score(prediction, reference)", "takes the output first"),
        ("score(pred, args)", "takes the output first"),
        ("accuracy(y_true, y_pred)", "takes an expected value"),
        ("reward(question, answer)", "is named for single fields"),
    ],
)
def test_a_function_for_another_framework_raises_a_question(header, framework):
    found = find_call_question(f"def {header}:\n    return 0.0\n", None, FIELDS)
    assert found is not None
    assert framework in found.message
    assert (found.code, found.line) == ("foreign", 1)


@pytest.mark.parametrize(
    "header",
    [
        "reward(args, pred)", "reward(inputs, prediction)", "reward(args, outputs)", "reward(inputs, outputs)",
        "f(x, y)", "f(a, b)", "f(_, p)", "f(data, result)", "reward(args, pred, trace=None)", "f(args, output)",
        "f(inputs, pred, strict=True)",
    ],
)  # fmt: skip
def test_names_that_fit_no_other_framework_raise_no_question(header):
    assert find_call_question(f"def {header}:\n    return 0.0\n", None, FIELDS) is None


def test_parameters_are_renamed_wherever_the_reward_uses_them():
    source = "def grade(sample, item):\n    ü = [s for s in item['x']]; return len(sample) + len(item)\n"
    assert rename_parameters(source) == (
        "def grade(args, pred):\n    ü = [s for s in pred['x']]; return len(args) + len(pred)\n"
    )


@pytest.mark.parametrize(
    "source", ["", "\x00", "def reward(", "x = 1", "reward = 3", "class reward: pass", "\ud83d"]
)
def test_whatever_is_typed_is_read_without_an_error(source):
    assert isinstance(list_faults(source, None, FIELDS), tuple)
    assert find_call_question(source, None, FIELDS) is None


@pytest.mark.parametrize("depth", [300, 400, 700, 1_000, 1_400])
@pytest.mark.parametrize(
    "source",
    [
        "def reward(args, pred):\n    if pred.a: return 1\n{}    return 0\n",
        "if a: pass\n{}def reward(args, pred): return 1\n",
    ],
)
def test_a_long_chain_of_branches_raises_nothing(source, depth):
    """To Python each `elif` lies within the one before."""
    indent = "    " if source.startswith("def") else ""
    chain = "".join(f"{indent}elif b: {'return 1' if indent else 'pass'}\n" for _ in range(depth))
    findings = list_faults(source.format(chain))
    assert all(finding.code != "no-reward" for finding in findings)


TYPED = Fields(
    {"question": str}, {"keep": bool, "count": int, "share": float, "tags": list[str], "note": str}
)


@pytest.mark.parametrize(
    ("test", "said", "fixed"),
    [
        ('pred.keep == "True"', "pred.keep is a bool, so it is never equal to the text 'True'.", "True"),
        ("'false' != pred.keep", "pred.keep is a bool, so it always differs from the text 'false'.", "False"),
        ('pred["count"] == "3"', "pred['count'] is an int, so it is never equal to the text '3'.", "3"),
        ('pred.share == "0.5"', "pred.share is a float, so it is never equal to the text '0.5'.", "0.5"),
        ("pred.note == 3", "pred.note is text, so it is never equal to 3.", "'3'"),
        ('pred.tags == "a"', "pred.tags is a list, so it is never equal to the text 'a'.", None),
        ('pred.count == "many"', "pred.count is an int, so it is never equal to the text 'many'.", None),
        ('args["question"] == 1', "args['question'] is text, so it is never equal to 1.", "'1'"),
    ],
)
def test_a_comparison_that_cannot_come_out_otherwise_is_found(test, said, fixed):
    (finding,) = check(f"def reward(args, pred):\n    return 1.0 if {test} else 0.0", TYPED)
    assert (finding.code, finding.severity, finding.message, finding.line) == (
        "never-equal",
        "warning",
        said,
        2,
    )
    assert (finding.fix and finding.fix.text) == fixed


@pytest.mark.parametrize(
    "test",
    [
        "pred.keep == True",
        "pred.keep == 1",
        "pred.count == 3.0",
        "pred.share != 1",
        "pred.note == 'True'",
        "pred.note == None",
        "pred.tags == []",
        "pred.tags[0] == 'a'",
        "len(pred.tags) == 2",
        "str(pred.keep) == 'True'",
        "pred.count in ('1', 1)",
    ],
)
def test_a_comparison_that_may_come_out_either_way_is_left_alone(test):
    assert codes(f"def reward(args, pred):\n    return 1.0 if {test} else 0.0", TYPED) == []


def test_a_keyword_that_score_does_not_take_is_found_at_its_place():
    (one,) = check("def reward(args, pred):\n    return Score(1.0, feedbak='so', parts={})")
    assert (one.code, one.severity, one.line, one.column, one.end_column) == (
        "unknown-keyword",
        "error",
        2,
        23,
        30,
    )
    assert one.message == "Score takes no 'feedbak'. Did you mean 'feedback'?"
    assert one.fix.text == "feedback"
    (other,) = check(
        "from refine_core import Score\ndef reward(args, pred):\n    return Score(1.0, why='so')"
    )
    assert other.message == "Score takes no 'why'. It takes value, feedback, parts."


@pytest.mark.parametrize(
    "source",
    [
        "def reward(args, pred):\n    return Score(1.0, **{'why': 1})",
        "class Score(float):\n    pass\ndef reward(args, pred):\n    return Score(1.0, why='so')",
        "def reward(args, pred):\n    return Score(value=1.0, feedback='', parts={})",
    ],
)
def test_what_may_be_a_keyword_of_score_is_left_alone(source):
    assert codes(source) == []


def test_a_method_of_the_items_is_not_taken_for_one_of_the_list():
    (one,) = check("def reward(args, pred):\n    return float(pred.tags.islower())", TYPED)
    assert (
        one.message
        == "pred.tags is a list, which has no 'islower'. Its items are text, which has it: go through them one by one."
    )
    assert one.fix is None


def test_a_note_becomes_a_warning_by_what_was_seen():
    note = Finding("contains", "note", "A pattern.", 3)
    warning = note.with_evidence("Row 4 is paid 1 for the empty text.")
    assert (warning.severity, warning.evidence) == ("warning", ("Row 4 is paid 1 for the empty text.",))
    assert warning.with_evidence("Row 5, too.").evidence[1:] == ("Row 5, too.",)
    assert Finding("unknown-field", "error", "No such field.", 1).with_evidence("x").severity == "error"


def test_a_file_of_several_functions_is_checked_as_a_whole():
    source = (
        "import nothing_like_it\n\n"
        "def length(completions, **kwargs):\n    return [len(c) for c in completions]\n\n"
        "def right(completions, answer, **kwargs):\n    return [scor(c, a) for c, a in zip(completions, answer)]\n"
    )
    found = check_recognized(recognize(source))
    assert [(one.code, one.line) for one in found] == [("missing-module", 1), ("unknown-name", 7)]
