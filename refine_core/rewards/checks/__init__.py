"""Static checks of a reward against the signature that it is to score. They read its text, and never run it.

    check_reward(source, name, fields) -> findings, in the order of their lines
    check_recognized(recognized, fields)   the same for functions of any shape, several in one file

FUNCTION_CHECKS look at one reward function, FILE_CHECKS at everything in the source; to add one, write a function
Code -> findings. Where reading is not enough, a check reports nothing.

The checks:

    parameters.py       wrong parameters, and functions written for other frameworks
    fields.py           unknown fields and inputs
    returns.py          branches without a return, results that are no number
    shapes/             the same two for functions of other frameworks: columns and parameters that nothing gives, what they return
    imports.py          modules that the sandbox refuses
    names.py            names that nothing binds
    score_calls.py      what Score does not take
    unread.py           arguments and outputs that are never looked at
    value_tests.py      text_tests.py: `in` on text; float_tests.py: `==` on floats
    regex/              regular expressions that take exponential time, or stop at a line break
    chance.py           random numbers without a seed, the clock
    swallowed.py        handlers that hide every error

Those of the second half find patterns that may be meant so: they are notes, until somebody sees a wrong score.

What they share:

    finding.py          Finding, Fix, Fields
    code.py             the syntax tree, and the function that is called
    argument_names.py   under which names the two arguments are used
    comparisons.py      comparisons with a constant of another type (for fields.py)
    block_ends.py       how a block of statements can end
    reachability.py     whether every attempt reaches a node
    inference.py        of which kind a value is, and whether the model wrote it: kinds.py, argument_kinds.py
    operand_types.py    operations that fail for the types of their operands (for repeating_errors.py)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from refine_core.errors import RewardError
from refine_core.rewards.checks.chance import check_chance
from refine_core.rewards.checks.code import Code, resolve_code, resolve_function
from refine_core.rewards.checks.fields import check_fields
from refine_core.rewards.checks.finding import Fields, Finding, Fix, Severity
from refine_core.rewards.checks.imports import check_imports
from refine_core.rewards.checks.names import check_names
from refine_core.rewards.checks.parameters import (
    ask_about_foreign_function,
    check_parameters,
    rename_code_parameters,
)
from refine_core.rewards.checks.regex.patterns import check_patterns
from refine_core.rewards.checks.returns import check_returns
from refine_core.rewards.checks.score_calls import check_score_calls
from refine_core.rewards.checks.shapes.returns import check_shape_returns
from refine_core.rewards.checks.swallowed import check_swallowed
from refine_core.rewards.checks.unread import check_unread
from refine_core.rewards.checks.value_tests import check_value_tests
from refine_core.rewards.shapes.types import Recognized
from refine_core.rewards.source import find_reward, parse_reward

__all__ = [
    "FILE_CHECKS",
    "FUNCTION_CHECKS",
    "Fields",
    "Finding",
    "Fix",
    "Severity",
    "check_recognized",
    "check_reward",
    "find_call_question",
    "read_code",
    "rename_parameters",
]

Check = Callable[[Code], Iterable[Finding]]
FUNCTION_CHECKS: tuple[Check, ...] = (
    check_parameters,
    check_fields,
    check_returns,
    check_shape_returns,
    check_unread,
)
FILE_CHECKS: tuple[Check, ...] = (
    check_imports,
    check_names,
    check_score_calls,
    check_chance,
    check_swallowed,
    check_patterns,
)


def check_reward(source: str, name: str | None = None, fields: Fields | None = None) -> tuple[Finding, ...]:
    """Everything that reading finds wrong with a reward.

    name: which function, where the source leaves a choice. fields: what it will be given; None for unknown.
    A source that does not parse, or has no reward to find, is one finding. Raises nothing.
    """
    try:
        code = read_code(source, name, fields)
    except RewardError as error:
        codes = {"SyntaxError": "syntax", "NoReward": "no-reward", "ManyRewards": "many-rewards"}
        kind = codes.get(error.type_name, "syntax")
        message = f"{error.message[:1].upper()}{error.message[1:]}"
        return (Finding(kind, "error", message, error.line, error.column),)
    checks = (*FUNCTION_CHECKS, *FILE_CHECKS, check_value_tests)
    return _sort(one for check in checks for one in _findings(check, code))


def check_recognized(recognized: Recognized, fields: Fields | None = None) -> tuple[Finding, ...]:
    """Everything that reading finds wrong with the reward functions of a source, whatever framework they are written for.

    fields: what the rows have (Fields.of_rows); None for unknown. Raises nothing.
    """
    tree = parse_reward(recognized.source)
    codes = [
        resolve_function(recognized.source, tree, one, fields or Fields()) for one in recognized.functions
    ]
    for code in codes[1:]:
        code.share(codes[0])
    found = [one for code in codes for check in FUNCTION_CHECKS for one in _findings(check, code)]
    found += [one for check in FILE_CHECKS for one in _findings(check, codes[0])]
    return _sort((*found, *_findings(lambda _: check_value_tests(*codes), codes[0])))


def _sort(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """By line, each once; that an output is never read is no news where the name of one is misspelt."""
    found = dict.fromkeys(findings)
    hidden = "unread-output" if any(one.code == "unknown-field" for one in found) else None
    return tuple(
        sorted((one for one in found if one.code != hidden), key=lambda f: (f.line or 0, f.column or 0))
    )


def _findings(check: Callable[[Code], Iterable[Finding]], code: Code) -> list[Finding]:
    try:
        return list(check(code))
    except (
        RecursionError
    ):  # nested deeper than reading goes: nothing is reported, as wherever reading is not enough
        return []


def find_call_question(source: str, name: str | None = None, fields: Fields | None = None) -> Finding | None:
    """What to ask before a function is called that seems to be written for another framework; None for others.

    `subject` is its header, "grade(sample, item)", under which the answer can be remembered.
    """
    try:
        return ask_about_foreign_function(read_code(source, name, fields))
    except RewardError:
        return None


def rename_parameters(source: str, name: str | None = None) -> str:
    """The source with the reward's parameters renamed to args and pred. Raises RewardError for one that does not parse."""
    return rename_code_parameters(read_code(source, name, None))


def read_code(source: str, name: str | None, fields: Fields | None) -> Code:
    """A reward's syntax tree, as the checks read it. Raises RewardError for one that does not parse or is not there."""
    reward_name = find_reward(source, name)
    return resolve_code(source, parse_reward(source), reward_name, fields or Fields())
