"""The exported file: the reward's own code, unchanged; what its tests need; and a test for each case."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Final

from refine_core.cases.case import Case, CaseSet
from refine_core.cases.pytest_file.calls import Calls, MissingColumnError, encode_cases
from refine_core.cases.pytest_file.chosen_helpers import ChosenHelpers
from refine_core.cases.pytest_file.helpers import HELPERS, IMPORTS
from refine_core.cases.pytest_file.names import free_name, list_names, name_test
from refine_core.rewards.judge_calls import may_ask_judge
from refine_core.rewards.shapes import Recognized
from refine_core.rewards.source import parse_reward

_HEADER: Final = """# Cases of a reward, exported from Refinescope. They need pytest{score}; run: pytest {file}
# First the reward, as it was; then its cases.

"""
_RULE: Final = "# --- cases "


def export_pytest(
    recognized: Recognized, cases: CaseSet | Iterable[Case], *, file: str = "test_reward.py"
) -> str:
    """The text of a pytest file with the reward and a test for each case.

    What good and bad mean is as in run_cases, with the threshold of the set. A case of a reward that asks a judge is skipped: the
    file has no model. file: its name, which its first line tells. Raises RewardError for a value that cannot be handed over.
    """
    given = cases if isinstance(cases, CaseSet) else CaseSet(tuple(cases))
    return _File(recognized, given).write(file)


class _File:
    """A file in the making: which helpers it needs, and what they are called in it."""

    def __init__(self, recognized: Recognized, cases: CaseSet) -> None:
        self._recognized, self._cases = recognized, cases
        self._tree = parse_reward(recognized.source)
        self._source_names = list_names(self._tree)
        self._helpers = ChosenHelpers(self._source_names)
        self.use = self._helpers.use
        every = frozenset(HELPERS) | frozenset(IMPORTS) | {"score_of"}
        self._calls = Calls(recognized, encode_cases(recognized, cases.cases), self._tree, self.use, every)
        self._score, self._others, self._threshold = (
            free_name(name, self._source_names) for name in ("score", "others", "THRESHOLD")
        )
        taken = set(self._source_names) | set(every)
        self._tests = {case.name: name_test(case.name, taken) for case in cases}

    def write(self, file: str) -> str:
        tests = [self._write_case(case) for case in self._cases]
        relative = self._write_relative()
        instances = [f"{name} = {code}" for name, code in self._calls.instances.items()]
        if may_ask_judge(self._recognized.source) and "judge" not in _bound_names(self._tree):
            self._helpers.need("judge")
        helpers = self._helpers.write()
        skipped = self._skip_own_tests()
        blocks = [_RULE + "-" * (79 - len(_RULE)) + "\n\n" + self._helpers.write_imports(), *helpers]
        constants = [*skipped, *instances]
        if self._cases.threshold is not None and {"good", "bad"} & {case.want.kind for case in self._cases}:
            constants.append(f"{self._threshold} = {self._cases.threshold!r}")
        if constants:
            blocks.append("\n".join(constants))
        text = "\n\n\n".join(block.strip("\n") for block in [*blocks, *tests, *relative] if block.strip())
        return f"{self._write_reward(file)}\n\n{text}\n"

    def _write_reward(self, file: str) -> str:
        """The header, and the source as it was, with Score in it where it is used and not bound."""
        source = self._recognized.source.rstrip() + "\n"
        needs_score = "Score" in _loaded_names(self._tree) - _bound_names(self._tree)
        header = _HEADER.format(score=" and refine_core" if needs_score else "", file=file)
        if not needs_score:
            return header + source
        lines = source.splitlines(keepends=True)
        at = _end_of_preamble(self._tree)
        return (
            header
            + "".join(lines[:at])
            + "from refine_core import Score\n"
            + ("\n" if at == 0 else "")
            + "".join(lines[at:])
        )

    def _write_case(self, case: Case) -> str:
        name = self._tests[case.name]
        try:
            lines, expression = self._calls.write(case.name)
        except MissingColumnError as error:
            lines, expression = [f"raise LookupError({str(error)!r})"], "None"
        want, title = case.want, _title(case)
        is_relative = want.kind in ("good", "bad") and self._cases.threshold is None
        body = "".join(f"    {line}\n" for line in lines)
        if is_relative:
            cached = f"@{self.use('functools')}.cache\n"
            return f'{cached}def score_{name}():\n    """{title}"""\n{body}    return {expression}\n'
        condition, wanted = self._condition(case)
        return self._write_test(name, title, [*lines, f"{self._score} = {expression}"], condition, wanted)

    def _write_test(self, name: str, title: str, lines: list[str], condition: str, wanted: str) -> str:
        body = "".join(f"    {line}\n" for line in lines)
        says = f"{self.use('got')}({self._score}, {wanted})"
        return f'def test_{name}():\n    """{title}"""\n{body}    assert {condition}, {says}\n'

    def _condition(self, case: Case) -> tuple[str, str]:
        """What has to hold of the score, and what a failure says was wanted."""
        want, score, threshold = case.want, self._score, self._threshold
        if want.kind == "good":
            return f"{score} is not None and {score} >= {threshold}", f'f"at least {{{threshold}}}"'
        if want.kind == "bad":
            return f"{score} is None or {score} < {threshold}", f'f"less than {{{threshold}}}"'
        if want.kind == "unscored":
            return f"{score} is None", '"no score"'
        low = "" if want.low is None else f", low={want.low!r}"
        high = "" if want.high is None else f", high={want.high!r}"
        return f"{self.use('holds')}({score}{low}{high})", repr(_describe_range(want.low, want.high))

    def _write_relative(self) -> list[str]:
        """Tests of good and bad cases without a threshold, each against all of the other kind."""
        cases = [case for case in self._cases if case.want.kind in ("good", "bad")]
        if self._cases.threshold is not None or not cases:
            return []
        lists = {kind: free_name(kind.upper(), self._source_names) for kind in ("good", "bad")}
        blocks = [
            "\n".join(
                f"{name} = [{', '.join(f'score_{self._tests[one.name]}' for one in cases if one.want.kind == kind)}]"
                for kind, name in lists.items()
            )
        ]
        score, others = self._score, self._others
        for case in cases:
            is_good, name = case.want.kind == "good", self._tests[case.name]
            other, bound = ("bad", f"max({others})") if is_good else ("good", f"min({others})")
            unless = f"{score} is not None and not {others}" if is_good else f"not {others}"
            lines = [
                f"{score}, {others} = score_{name}(), {self.use('scores_of')}({lists[other]})",
                f"if {unless}:",
                f'    {self.use("pytest")}.skip("undecided: no {other} case has a score")',
            ]
            condition = (
                f"{score} is not None and {score} > {bound}"
                if is_good
                else f"{score} is None or {score} < {bound}"
            )
            wanted = f'f"{"more" if is_good else "less"} than {{{bound}}}"'
            blocks.append(self._write_test(name, _title(case), lines, condition, wanted))
        return blocks

    def _skip_own_tests(self) -> list[str]:
        """Functions and classes of the reward that pytest would take for tests are none."""
        lines = []
        for node in self._tree.body:
            if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
                lines.append(f"{node.name}.__test__ = False  # part of the reward")
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
                lines.append(f'{self.use("pytest")}.mark.skip("part of the reward")({node.name})')
        return lines


def _title(case: Case) -> str:
    """A case's name, as it may stand in a docstring."""
    return case.name.replace("\\", "\\\\").replace('"', "'")


def _describe_range(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f"{low!r}" if low == high else f"{low!r} to {high!r}"
    return f"at least {low!r}" if high is None else f"at most {high!r}"


def _loaded_names(tree: ast.Module) -> set[str]:
    return {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }


def _bound_names(tree: ast.Module) -> set[str]:
    """Names that the top level binds."""
    names: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                names.update((alias.asname or alias.name).partition(".")[0] for alias in aliases)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                names.add(name)
    return names


def _end_of_preamble(tree: ast.Module) -> int:
    """The line after a docstring and imports from __future__, before which nothing may stand."""
    at = 0
    for node in tree.body:
        is_text = (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        )
        if (is_text and at == 0) or (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
            at = node.end_lineno or 0
        else:
            break
    return at
