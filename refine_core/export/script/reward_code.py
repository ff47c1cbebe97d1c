"""The reward of a run in a script: its own source, and what calls it as the run did.

A reward of another framework is called by the same rules as in the worker: its arguments are bound to symbols here, which are written
out as code (refine_core.cases.pytest_file does the same with the values of a case).
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from refine_core.cases.pytest_file.calls import Calls, MissingColumnError
from refine_core.cases.pytest_file.chosen_helpers import ChosenHelpers
from refine_core.cases.pytest_file.helpers import HELPERS, IMPORTS
from refine_core.cases.pytest_file.literals import SourceName
from refine_core.cases.pytest_file.names import list_names
from refine_core.errors import Problem, RewardError, SpecError
from refine_core.export.script.naming import Names
from refine_core.export.script.source_facts import SourceFacts
from refine_core.refine.build import list_program_inputs, list_reward_fields
from refine_core.refine.reward_calls import recognize_reward
from refine_core.rewards import find_reward
from refine_core.rewards.judge_calls import may_ask_judge
from refine_core.rewards.shapes import Recognized, describe_shape
from refine_core.rewards.shapes.row_values import Row
from refine_core.spec import ProgramSpec
from refine_core.spec.source import validator_source

_TEXT: Final = '''
def as_text(value):
    """A value as the text that the reward gets."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
'''


class Symbol(SourceName, str):
    """In place of a text: code that gives it. What is joined to it, or cut from it, is code as well."""

    __slots__ = ("name",)

    def __new__(cls, code: str) -> Self:
        """A symbol whose text is its code, too."""
        return str.__new__(cls, code)

    def __init__(self, code: str) -> None:
        self.name = code

    def __add__(self, other: str) -> Symbol:
        return Symbol(f"{self.name} + {other.name if isinstance(other, Symbol) else other!r}")

    def strip(self, chars: str | None = None, /) -> Symbol:  # noqa: ARG002  # as text has it
        """The text without blanks around it, as code."""
        return Symbol(f"{self.name}.strip()")


@dataclass(frozen=True, slots=True)
class RewardCode:
    """The reward in a script.

    imports: lines of code. body: the reward's source and what calls it. function: what Refine is given. has_rules: whether VALIDATORS is
    bound. notes: what a reader has to know, a sentence each.
    """

    imports: tuple[str, ...]
    body: str
    function: str
    has_rules: bool
    notes: tuple[str, ...]


def write_reward(spec: ProgramSpec, facts: SourceFacts, names: Names, *, for_dspy: bool) -> RewardCode:
    """Raises SpecError for a reward that a script cannot call."""
    try:
        found = recognize_reward(spec)
        function = find_reward(spec.reward, spec.reward_name) if found is None else ""
        rules = validator_source(spec)
    except RewardError as error:
        raise SpecError([Problem("reward", error.message)]) from error
    helpers = ChosenHelpers(list_names(facts.tree))
    helper_texts: list[str] = []
    notes: list[str] = []
    lines: list[str] = []
    call = f"{function}(args, pred{_pad(facts.tree, function)})"
    is_async = _is_async(facts.tree, function)
    if found is not None:
        lines, call = _bind(spec, found, facts, helpers)
        notes.append(f"{describe_shape(found)}.")
    elif is_async:
        call = f"{helpers.use('finish')}({call})"
    penalty = bool(rules) and for_dspy
    needs_own = found is not None or is_async or penalty or ", " in _pad(facts.tree, function)
    if needs_own:
        name = names.free("score")
        wraps = _plain_name(found, function, facts.tree)
        helper_texts.append(
            _write_own(name, wraps, lines, call, helpers, gives_none=found is not None, penalty=penalty)
        )
        function = name
    texts = helpers.write()
    if any("as_text(" in text for text in helper_texts):
        helpers.use("json")
        texts.append(_TEXT)
    imports = [line for line in helpers.write_imports().split("\n") if line]
    if any("functools" in text for text in helper_texts) and "import functools" not in imports:
        imports.append("import functools")
    parts = [facts.body, *texts, "\n".join(rules), *helper_texts]
    body = "\n\n\n".join(part.strip("\n") for part in parts if part.strip())
    return RewardCode(tuple(imports), body, function, bool(rules), tuple(notes))


def needs(facts: SourceFacts, spec: ProgramSpec, name: str) -> bool:
    """Whether the reward, or a rule, uses `Score` or `judge` and does not bind it itself."""
    if name in facts.names:
        return False
    if name == "judge":
        return may_ask_judge(spec.reward) or any("judge(" in one.check for one in spec.validators)
    return name in facts.used


def _bind(
    spec: ProgramSpec, found: Recognized, facts: SourceFacts, helpers: ChosenHelpers
) -> tuple[list[str], str]:
    """The lines before, and the expression of, the score."""
    own = list_program_inputs(spec)
    fields = list_reward_fields(spec)
    inputs: dict[str, Any] = {name: Symbol(f"args[{name!r}]") for name in spec.inputs if name in own}
    expected: dict[str, Any] = {name: Symbol(f"args[{name!r}]") for name in spec.inputs if name not in own}
    outputs: dict[str, Any] = {name: Symbol(f"pred[{name!r}]") for name in fields.outputs or {}}
    names = list(found.expected_names)
    row = _SymbolRow([None, inputs, outputs, {"named": expected} if expected else None], names)
    row.types = fields.outputs or {}
    every = frozenset(HELPERS) | frozenset(IMPORTS) | {"score_of", "args", "pred"}
    try:
        return Calls(found, {"row": row}, facts.tree, helpers.use, every).write("row")
    except (MissingColumnError, RewardError) as error:
        raise SpecError([Problem("reward", f"a script cannot call this reward: {error}")]) from error


class _SymbolRow(Row):
    """A row of symbols. types: name of an output -> its type, where it is known."""

    __slots__ = ("types",)
    types: Mapping[str, object]

    def fresh(self) -> Row:
        """Itself: a symbol cannot be changed."""
        return self

    @property
    def text(self) -> str:
        """The main output as text; what is no text by its type is written as JSON first."""
        main = self.main
        name = next((name for name, one in self.prediction.items() if one is main), "")
        return main if self.types.get(name, str) is str else Symbol(f"as_text({main.name})")

    @property
    def prompt(self) -> Any:
        """The one input that is the prompt; of several without a usual name, all of them, a line each."""
        found = super().prompt
        if isinstance(found, Symbol) or not self.inputs:
            return found
        listed = ", ".join(map(repr, self.inputs))
        return Symbol(f'"\\n".join(f"{{name}}: {{args[name]}}" for name in ({listed},))')


def _write_own(
    name: str,
    wraps: str,
    lines: list[str],
    call: str,
    helpers: ChosenHelpers,
    *,
    gives_none: bool,
    penalty: bool,
) -> str:
    """A function that calls the reward. It says that it is the reward, so that the adviser is shown the reward's own source."""
    body = [f"    {line}" for text in lines for line in text.split("\n")]
    body.append(f"    value = {call}")
    if gives_none:
        body += ["    if value is None:", '        raise ValueError("the reward gave no score")']
    if penalty:
        body += [
            "    if not all(check(args, pred) for _, check, _ in VALIDATORS):",
            "        return float(value) - 1_000_000  # below every attempt that meets the rules",
        ]
    if gives_none or penalty:
        body.append("    return float(value)")
    else:
        body.append("    return value")
    above = [f"@{helpers.use('functools')}.wraps({wraps})"] if wraps else []
    return "\n".join([*above, f"def {name}(args, pred):", *body])


def _plain_name(found: Recognized | None, function: str, tree: ast.Module) -> str:
    """The one function that the reward is, where it is a plain one; "" otherwise."""
    if found is not None:
        if len(found.functions) > 1 or len(found.functions[0].access or ("",)) > 1:
            return ""
        function = found.functions[0].name
    return function if _definition(tree, function) is not None else ""


def _definition(tree: ast.Module, name: str) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    found = [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name
    ]
    return found[-1] if found else None


def _is_async(tree: ast.Module, name: str) -> bool:
    return isinstance(_definition(tree, name), ast.AsyncFunctionDef)


def _pad(tree: ast.Module, name: str) -> str:
    """None for every parameter beyond the second that has no default: ", None, None"."""
    node = _definition(tree, name)
    if node is None:
        return ""
    given = [*node.args.posonlyargs, *node.args.args]
    required = len(given) - len(node.args.defaults)
    return ", None" * max(0, required - 2)
