"""Well-known rewards, written anew in a few lines, and what is known to be wrong with them.

Known: a format regex without DOTALL is zero on several lines (unslothai/unsloth issue 1761, huggingface/open-r1 issue 237); a
test in both directions pays the empty answer, on which training collapsed (Liuziyu77/Visual-RFT issue 176); "last number" pays
"not 42" and refuses "1,250".
"""

from __future__ import annotations

from refine_core.doctor import examine
from refine_core.rewards.shapes import Recognized, recognize
from refine_core.rows import Row

QUESTION = "Natalia sold 48 clips in April and half as many in May. How many clips is that?"
CHAT = [{"role": "user", "content": QUESTION}]

GSM8K = r"""
import re

def extract(text):
    return text.split("<answer>")[-1].split("</answer>")[0].strip()

def correct(completions, answer, **kwargs):
    return [2.0 if extract(c[0]["content"]) == a else 0.0 for c, a in zip(completions, answer)]

def digits(completions, **kwargs):
    return [0.5 if extract(c[0]["content"]).isdigit() else 0.0 for c in completions]

def strict_form(completions, **kwargs):
    form = r"^<reasoning>\n.*?\n</reasoning>\n<answer>\n.*?\n</answer>\n$"
    return [0.5 if re.match(form, c[0]["content"]) else 0.0 for c in completions]
"""
OPEN_R1 = r"""
import re

def form_reward(completions, **kwargs):
    form = r"<think>.*?</think>\s*<answer>.*?</answer>"
    return [1.0 if re.match(form, c[0]["content"]) else 0.0 for c in completions]
"""
BOTH_WAYS = r"""
import re

def reward(completions, solution, **kwargs):
    scores = []
    for completion, right in zip(completions, solution):
        found = re.search(r"<answer>(.*?)</answer>", completion, re.DOTALL)
        said = found.group(1).strip() if found else completion.strip()
        scores.append(1.0 if right in said or said in right else 0.0)
    return scores
"""
LAST_NUMBER = r"""
import re

def compute_score(data_source, solution_str, ground_truth, extra_info=None):
    numbers = re.findall(r"-?\d+", solution_str)
    return 1.0 if numbers and numbers[-1] == ground_truth else 0.0
"""
HASHES = r"""
import re

def compute_score(data_source, solution_str, ground_truth, extra_info=None):
    found = re.findall(r"#### (\-?[0-9\.\,]+)", solution_str)
    return 1.0 if found and found[-1].replace(",", "") == ground_truth else 0.0
"""
BOXED = r"""
import re

def reward(completions, ground_truth, **kwargs):
    found = [re.search(r"\\boxed\{(.*?)\}", c) for c in completions]
    return [1.0 if f and f.group(1) == right else 0.0 for f, right in zip(found, ground_truth)]
"""


def look_at(source, inputs, prediction, expected):
    found = recognize(source)
    assert isinstance(found, Recognized)
    return examine(found, [Row("1", inputs, prediction, expected)])


def severities(examination):
    return {one.code: one.severity for one in examination.findings}


def names(results):
    return {one.name for one in results}


def test_the_form_of_line_breaks_that_gsm8k_rewards_want_is_learned():
    text = "<reasoning>\nHalf of 48 is 24.\n</reasoning>\n<answer>\n72\n</answer>\n"
    found = look_at(GSM8K, {"prompt": CHAT}, {"completion": text}, {"answer": "72"})
    assert (found.probes[0].text, found.probes[0].value) == (text, 3.0)
    assert severities(found)["refused-several-lines"] == "warning"


def test_the_same_form_is_learned_from_the_pattern_alone():
    found = look_at(GSM8K, {"prompt": CHAT}, {"completion": "72"}, {"answer": "72"})
    assert found.probes[0].value == 3.0


def test_a_form_without_dotall_pays_empty_marks_but_no_second_line():
    text = "<think>24 + 48</think><answer>72</answer>"
    found = look_at(OPEN_R1, {"prompt": CHAT}, {"completion": text}, {"solution": "72"})
    assert severities(found)["paid-empty-form"] == "warning"
    assert {"first two digits", "another number"} & names(found.paid_for_nothing)
    assert severities(found)["paid-wrong"] == severities(found)["ignores-expected"] == "note"
    pattern = next(one for one in found.findings if one.code == "one-line-pattern")
    assert (pattern.severity, pattern.line) == ("warning", 6)
    assert "reasoning on two lines" in names(found.refused)


def test_a_test_in_both_directions_pays_the_empty_answer():
    text = "<think>Short legs.</think><answer>beagle</answer>"
    found = look_at(BOTH_WAYS, {"prompt": "Which dog?"}, {"completion": text}, {"solution": "beagle"})
    assert severities(found)["paid-empty"] == "warning"
    assert {"nothing", "tags with nothing inside", "half of it"} <= names(found.paid_for_nothing)


def test_the_last_number_pays_a_denial_and_refuses_a_comma():
    found = look_at(LAST_NUMBER, {"prompt": QUESTION}, {"response": "It is 1250"}, {"ground_truth": "1250"})
    assert "the answer denied" in names(found.paid_for_nothing)
    assert severities(found)["refused-separators"] == "warning"
    assert "decimals" in names(found.refused)


def test_answers_after_hashes_and_in_boxes_are_varied_there():
    hashes = look_at(
        HASHES, {"prompt": QUESTION}, {"response": "24 in May.\n#### 72"}, {"ground_truth": "72"}
    )
    assert hashes.probes[0].text == "24 in May.\n#### 72"
    assert "a line break at the end" not in names(hashes.refused)
    boxed = look_at(BOXED, {"prompt": QUESTION}, {"completion": "no idea"}, {"ground_truth": "72"})
    assert "\\boxed{72}" in boxed.probes[0].text
    assert {one.text for one in boxed.refused if one.name == "full stop"} == {
        boxed.probes[0].text.replace("72", "72.")
    }
