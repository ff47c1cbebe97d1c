"""Notes: patterns in a reward that often pay wrongly. Each with what is found, and what looks alike and is left alone."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path

import pytest

from refine_core.programs import EXAMPLES, apply_fix
from refine_core.refine.build import list_reward_fields
from refine_core.rewards.checks import Fields, check_recognized, check_reward
from refine_core.rewards.shapes import Recognized, recognize

DATA = Path(__file__).parents[1] / "data"
CASES = json.loads((DATA / "rewards" / "cases.json").read_text())
FIELDS = Fields({"question": str, "gold": str, "goal": float}, {"answer": str, "confidence": float}, ())
TRUE_NOTES = {  # of the rewards that people have
    "10_custom_exception": ["float-equality"],
    "16_print_debug": ["part-in-text"],
}


def notes(body, fields=FIELDS):
    return [one for one in check_reward(textwrap.dedent(body), None, fields) if one.severity == "note"]


def kinds(expression, fields=FIELDS, before=""):
    """The notes on a reward that returns this."""
    return [
        one.code for one in notes(f"{before}\ndef reward(args, pred):\n    return {expression}\n", fields)
    ]


@pytest.mark.parametrize("name", sorted(CASES))
def test_rewards_that_people_have_get_only_notes_that_are_true(name):
    found = check_reward((DATA / "rewards" / f"{name}.py").read_text())
    assert {one.severity for one in found} <= {"note"}
    assert [one.code for one in found] == TRUE_NOTES.get(name, [])


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_a_worked_example_has_no_note(name):
    spec = EXAMPLES[name].spec
    assert check_reward(spec.reward, None, list_reward_fields(spec)) == ()


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("pred.answer in args['gold']", "empty-in-text"),
        ("pred.answer.strip().lower() in args['gold'].lower()", "empty-in-text"),
        ("not (pred.answer not in args['gold'])", "empty-in-text"),
        ("args['gold'].startswith(pred.answer)", "empty-in-text"),
        ("args['gold'] in pred.answer", "part-in-text"),
        ("args['gold'].lower() in pred.answer.lower().strip()", "part-in-text"),
        ("str(args['gold']) in f'{pred.answer}!'", "part-in-text"),
        ("any(args['gold'] in line for line in pred.answer.splitlines())", "part-in-text"),
        ("(lambda t: args['gold'] in t.lower() and len(pred.answer))(pred.answer)", None),
        ("'no' in pred.answer.lower()", "part-in-text"),
        ("'nothing' in pred.answer", None),
        ("'no ' in pred.answer", None),
        ("args['gold'] in pred.answer.split()", None),
        ("args['gold'] in [pred.answer]", None),
        ("args['gold'] in {pred.answer: 1}", None),
        ("pred.answer in ('yes', 'no', args['gold'])", None),
        ("args['gold'] == pred.answer", None),
        ("pred.answer in 'yes or no'", "empty-in-text"),
        ("pred.answer[:1] in 'aeiou'", "empty-in-text"),
        ("pred.answer[0] in 'aeiou'", None),
        ("pred.answer.startswith(args['gold'])", None),
    ],
)
def test_a_text_inside_another_is_noted_where_the_model_wrote_one(expression, code):
    assert kinds(expression) == ([code] if code else [])


def test_in_is_left_alone_where_nobody_knows_that_it_is_text():
    assert kinds("args['gold'] in pred.answer", Fields()) == []
    assert kinds("args['gold'] in pred.answer", Fields({"gold": str}, {"answer": list[str]})) == []


def test_text_is_followed_through_names_loops_and_helpers():
    found = notes(
        """
        def normal(text):
            return " ".join(text.lower().split())

        def holds(needle, text):
            return needle in text

        def reward(args, pred):
            wanted, got = normal(args["gold"]), normal(pred.answer)
            for line in got.split("\\n"):
                if wanted in line:
                    return 1.0
            return float(holds(wanted, got))
        """
    )
    assert [(one.code, one.line) for one in found] == [("part-in-text", 6), ("part-in-text", 11)]


def test_a_test_for_the_empty_text_is_known_to_be_always_true():
    (found,) = check_reward("def reward(args, pred):\n    return '' in pred.answer\n", None, FIELDS)
    assert (found.severity, found.code) == ("warning", "always-in-text")


@pytest.mark.parametrize(
    ("expression", "is_noted"),
    [
        ("pred.confidence == args['goal']", True),
        ("float(pred.answer) == float(args['gold'])", True),
        ("len(pred.answer) / 3 == pred.confidence", True),
        ("pred.confidence != 0.3", True),
        ("sum([0.1, 0.2]) == args['goal'] and len(pred.answer)", True),
        ("pred.confidence == 1.0", False),
        ("pred.confidence == float('inf')", False),
        ("pred.confidence == round(args['goal'])", False),
        ("len(pred.answer) == 3", False),
        ("float(pred.answer == args['gold'])", False),
        ("pred.confidence >= args['goal']", False),
        ("abs(pred.confidence - args['goal']) < 1e-6", False),
    ],
)
def test_equality_of_floats_is_noted_and_whole_numbers_are_not(expression, is_noted):
    assert kinds(expression) == (["float-equality"] if is_noted else [])


@pytest.mark.parametrize(
    ("handler", "is_noted"),
    [
        ("except Exception:\n        return 0.0", True),
        ("except:\n        return 0.0", True),
        ("except (ValueError, Exception):\n        pass", True),
        ("except ValueError:\n        return 0.0", False),
        ("except Exception as error:\n        return Score(0, feedback=str(error))", False),
        ("except Exception:\n        print('no number')\n        return 0.0", False),
        ("except Exception:\n        raise", False),
    ],
)
def test_a_handler_that_hides_every_error_is_noted(handler, is_noted):
    body = f"def reward(args, pred):\n    try:\n        return float(pred.answer)\n    {handler}\n    return 0.0\n"
    assert [one.code for one in notes(body)] == (["swallowed"] if is_noted else [])


@pytest.mark.parametrize(
    ("before", "expression", "is_noted"),
    [
        ("import random", "random.random() * len(pred.answer)", True),
        ("from random import choice", "choice(pred.answer)", True),
        ("import numpy as np", "np.random.rand() * len(pred.answer)", True),
        ("import random", "random.Random().random() * len(pred.answer)", True),
        ("import time", "time.time() - len(pred.answer)", True),
        ("from datetime import datetime", "datetime.now().year == pred.confidence", True),
        ("import uuid", "len(str(uuid.uuid4()) + pred.answer)", True),
        ("", "hash(pred.answer) % 2", True),
        ("import random", "random.Random(len(pred.answer)).random()", False),
        ("import random\nrandom.seed(3)", "random.random() * len(pred.answer)", False),
        ("import time", "time.strptime(pred.answer, '%Y').tm_year", False),
        ("from datetime import datetime", "datetime.fromisoformat(pred.answer).year", False),
        ("def choice(text): return text", "len(choice(pred.answer))", False),
    ],
)
def test_chance_and_the_clock_are_noted_unless_they_are_seeded(before, expression, is_noted):
    found = [one.code for one in notes(f"{before}\ndef reward(args, pred):\n    return {expression}\n")]
    assert ("chance" in found) is is_noted


def test_what_a_reward_never_reads_is_noted():
    assert kinds("len(args['gold'])") == ["unread-output"]
    (found,) = notes("def reward(args, pred):\n    return len(pred.answer)\n", Fields({}, FIELDS.outputs))
    assert found.code == "unread-output"
    assert "confidence" in found.message
    one_of_two = Fields({}, {"draft": str, "answer": str, "reasoning": str}, ("answer", "reasoning"))
    assert kinds("len(pred.answer)", one_of_two) == []
    for whole in ("len(str(pred))", "sum(map(len, pred.values()))", "len(pred[args['gold']])", "f(pred)"):
        assert kinds(whole, Fields({}, FIELDS.outputs), "def f(p): return len(p.answer) + p.confidence") == []


@pytest.mark.parametrize(
    ("source", "unused"),
    [
        ("def right(completions, answer, **kwargs):\n    return [len(c) for c in completions]\n", ["answer"]),
        ("def right(prompts, completions, **kwargs):\n    return [len(c) for c in completions]\n", []),
        ("def right(completions, _answer, **kw):\n    return [len(c) for c in completions]\n", []),
        ("def metric(example, pred, trace=None):\n    return len(pred.answer)\n", []),
        ("def score(output, expected):\n    return len(output)\n", ["expected"]),
        ("def grade(sample, item):\n    return len(sample['output_text'])\n", []),
        ("def f(solution_str, ground_truth, data_source):\n    return len(solution_str)\n", []),
    ],
)  # fmt: skip
def test_an_unused_argument_is_noted_unless_the_framework_wants_it(source, unused):
    found = check_recognized(recognize(source))
    assert [one.subject for one in found if one.code == "unused-argument"] == unused


@pytest.mark.parametrize(
    ("call", "is_noted"),
    [
        ('re.search(r"<think>.*</think>", pred.answer)', True),
        ('re.findall("<a>(.+?)</a>", pred.answer, re.IGNORECASE)', True),
        ('re.search(r"```python\\s*(.*?)\\s*```", pred.answer)', True),
        ('re.search(r"\\{.*\\}", pred.answer)', True),
        ('re.match(r".*\\d", pred.answer)', True),
        ('re.search(r"</think>\\s*.*<answer>", pred.answer)', True),
        ('re.search(r"<think>.*</think>", pred.answer, re.DOTALL)', False),
        ('re.search(r"<think>.*</think>", pred.answer, flags=re.I | re.S)', False),
        ('re.search(r"(?s)<think>.*</think>", pred.answer)', False),
        ('re.search(r"<think>[^<]*</think>", pred.answer)', False),
        ('re.search(r"<think>\\n.*\\n</think>", pred.answer)', False),
        ('re.search(r"Answer: (.*)", pred.answer)', False),
        ('re.search(r"\\{(.*?)\\}", pred.answer)', False),
        ('re.search(r"\\\\boxed\\{(.*)\\}", pred.answer)', False),
        ('re.search(r"^# .*$", pred.answer, re.M)', False),
        ('any(re.match(r".*\\d", line) for line in pred.answer.splitlines())', False),
        ('re.search(r"<a href=.(.*).>", pred.answer)', False),
    ],
)
def test_a_dot_that_must_span_lines_is_noted_where_marks_say_so(call, is_noted):
    found = notes(f"import re\ndef reward(args, pred):\n    return bool({call}) + pred.confidence\n")
    assert [one.code for one in found] == (["one-line-pattern"] if is_noted else [])


def test_a_pattern_that_does_not_parse_is_an_error_at_its_place():
    source = 'import re\nP = "(a"\ndef reward(args, pred):\n    return bool(re.search("[a", pred.answer) or re.match(P, ""))\n'
    found = [one for one in check_reward(source) if one.code == "bad-pattern"]
    assert [(one.severity, one.line) for one in found] == [("error", 4), ("error", 4)]
    assert "character 1" in found[0].message


@pytest.mark.parametrize(
    ("line", "fixed"),
    [
        ("return pred.answer in args['gold']", "return (bool(pred.answer.strip()) and pred.answer in args['gold'])"),
        ("return pred.answer not in args['gold']", "return (not pred.answer.strip() or pred.answer not in args['gold'])"),
        (
            "return args['gold'] in pred.answer",
            r"""return (re.search(r"(?<!\w)" + re.escape(args['gold']) + r"(?!\w)", pred.answer) is not None)""",
        ),
        ("return 'no' in pred.answer", r"""return (re.search(r"\bno\b", pred.answer) is not None)"""),
        ("return pred.confidence == args['goal']", "return (abs(pred.confidence - args['goal']) <= 1e-6)"),
        (
            "return bool(re.search('<a>.*</a>', pred.answer))",
            "return bool(re.search('<a>.*</a>', pred.answer, flags=re.DOTALL))",
        ),
        (
            "return bool(re.search('<a>.*</a>', pred.answer, re.I))",
            "return bool(re.search('<a>.*</a>', pred.answer, re.I | re.DOTALL))",
        ),
    ],
)  # fmt: skip
def test_a_fix_is_one_edit_after_which_nothing_is_noted(line, fixed):
    source = f"import re\ndef reward(args, pred):\n    print(pred.confidence, pred.answer)\n    {line}\n"
    (found,) = notes(source)
    after = apply_fix(source, found.fix)
    assert after.split("\n")[3] == f"    {fixed}"
    assert [one.code for one in notes(after) if one.code != "empty-in-text"] == []


def test_a_caught_error_can_be_named_where_one_is_to_be_expected():
    source = "def reward(args, pred):\n    try:\n        return float(pred.answer)\n    except Exception:\n        return 0.0\n"
    (found,) = notes(source, Fields())
    assert "except ValueError:" in apply_fix(source, found.fix)
    (bare,) = notes(source.replace("except Exception", "except"), Fields())
    assert "except ValueError:" in apply_fix(source.replace("except Exception", "except"), bare.fix)
    (unknown,) = notes(source.replace("float(pred.answer)", "args['x'] / len(pred.answer)"), Fields())
    assert unknown.fix is None


@pytest.mark.parametrize("path", sorted((DATA / "shapes").glob("*.py")), ids=lambda path: path.stem)
def test_rewards_of_other_frameworks_get_neither_errors_nor_warnings(path):
    recognized = recognize(path.read_text())
    assert isinstance(recognized, Recognized)
    found = [one for one in check_recognized(recognized) if one.code != "missing-module"]
    assert [one for one in found if one.severity != "note"] == []
    for one in found:
        assert one.line
        assert re.search(r"[.!?]$", one.message)


@pytest.mark.parametrize("folder", ["hostile", "reward-errors"])
def test_no_source_makes_the_checks_fail(folder):
    for path in sorted((DATA / folder).glob("*.py")):
        assert isinstance(check_reward(path.read_text(), None, FIELDS), tuple)


def test_what_one_function_is_given_is_not_taken_for_another_ones():
    source = (
        "def holds(needle, text):\n    return needle in text.lower()\n\n"
        "def right(completions, answer, **kwargs):\n    return [holds(a, c) for c, a in zip(completions, answer)]\n\n"
        "def part(completions, hint, **kwargs):\n    return [c.strip() in h.lower() for c, h in zip(completions, hint)]\n"
    )
    found = check_recognized(recognize(source), Fields({"answer": str, "hint": str}, {"completion": str}))
    assert [(one.code, one.line) for one in found] == [("part-in-text", 2), ("empty-in-text", 8)]


def test_a_setting_with_a_default_is_nothing_that_was_given():
    source = (
        "def right(completions, {}, **kwargs):\n    return [float(mark in c.lower()) for c in completions]\n"
    )
    assert check_recognized(recognize(source.format("mark='</think>'"))) == ()
    source = "def right(completions, {}, **kwargs):\n    return [float(m in c.lower()) for c, m in zip(completions, mark)]\n"
    (found,) = check_recognized(recognize(source.format("mark")))
    assert found.code == "part-in-text"
