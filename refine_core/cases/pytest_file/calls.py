"""How the functions of a reward are called for a case, as code: the same arguments that the worker passes."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from refine_core.cases.case import Case
from refine_core.cases.pytest_file.literals import WIDTH, SourceName, Use, write_literal
from refine_core.rewards.row_frames import encode_row
from refine_core.rewards.shapes.binding import Binder, Extras, MissingColumnError
from refine_core.rewards.shapes.row_values import Row
from refine_core.rewards.shapes.types import Recognized, RewardFunction

_OF_TRAINING: Final = frozenset(("trainer_state", "log_extra", "log_metric"))
"""What TRL passes to a function with **kwargs whether it reads it or not."""
_SHORT: Final = 24  # characters of a value that stands in the call itself


@dataclass(frozen=True, slots=True)
class _Bound:
    """Arguments of one call. names: of those by position."""

    names: tuple[str, ...]
    positional: tuple[Any, ...]
    named: dict[str, Any]


class Calls:
    """Writes the calls for rows, by their names. use: see literals.py. taken: names of helpers, which no variable may have."""

    def __init__(
        self,
        recognized: Recognized,
        rows: Mapping[str, Row],
        tree: ast.Module,
        use: Use,
        taken: frozenset[str],
    ) -> None:
        self._recognized, self._use = recognized, use
        self._taken = taken | {(one.access or (one.name,))[0] for one in recognized.functions}
        plan: Any = recognized.to_plan()
        self._plans = plan["functions"]
        parser = SourceName("parser") if _binds(tree, "parser") else None
        self._binders = [Binder(one, parser) for one in self._plans]
        for binder in self._binders:
            binder.learn_columns(rows.values())
        self._rows = rows
        self._makes = _list_instances(recognized.functions)

    @property
    def instances(self) -> dict[str, str]:
        """Name -> code of what the calls share: instances of classes, products of factories."""
        return {self._name_of(path): self._code_of(path) for path in self._makes}

    def write(self, name: str) -> tuple[list[str], str]:
        """The lines before, and the expression of, the score of a row. Raises MissingColumnError."""
        lines: list[str] = []
        written: dict[str, str] = {}
        parts = []
        for function, binder, plan in zip(
            self._recognized.functions, self._binders, self._plans, strict=True
        ):
            bound = self._bind(binder, plan, self._rows[name].fresh())
            arguments = [
                self._write_argument(name, value, written, lines)
                for name, value in zip(bound.names, bound.positional, strict=True)
            ]
            arguments += [
                f"{name}={self._write_argument(name, value, written, lines)}"
                for name, value in bound.named.items()
            ]
            parts.append((function, self._read(function, f"{self._call(function)}({', '.join(arguments)})")))
        if len(parts) == 1 and parts[0][0].weight == 1.0:
            return lines, parts[0][1]
        sums = ", ".join(f"({function.weight!r}, {code})" for function, code in parts)
        flat = f"{self._use('weighted')}({sums})"
        if len(flat) <= WIDTH:
            return lines, flat
        inside = "".join(f"        ({function.weight!r}, {code}),\n" for function, code in parts)
        return lines, f"{self._use('weighted')}(\n{inside}    )"

    def _bind(self, binder: Binder, plan: dict[str, Any], row: Row) -> _Bound:
        if plan["per"] != "row":
            named = binder.bind_many([row], Extras())
            own = list(plan["parameters"])
            read = [
                name
                for name in named
                if name in own or name not in _OF_TRAINING or name in self._recognized.source
            ]
            read.sort(key=lambda name: (own.index(name) if name in own else len(own), name))
            return _Bound((), (), {name: named[name] for name in read})
        positional, named = binder.bind(row)
        names = tuple(plan["parameters"])[: len(positional)]
        names += tuple(f"argument_{i}" for i in range(len(names) + 1, len(positional) + 1))
        return _Bound(names, positional, named)

    def _write_argument(self, name: str, value: object, written: dict[str, str], lines: list[str]) -> str:
        """The code of an argument: itself where it is short, else the name of a variable that holds it."""
        code = write_literal(value, self._use, 1, room=WIDTH - len(name) - 7)
        if len(code) <= _SHORT or name in self._taken or not name.isidentifier():
            return code
        if name not in written:
            written[name] = code
            lines.append(f"{name} = {code}")
        return name if written[name] == code else code

    def _read(self, function: RewardFunction, call: str) -> str:
        use = self._use
        if function.is_async or self._may_await:
            call = f"{use('finish')}({call})"
        if function.per != "row":
            call = f"{use('only')}({call})"
        if function.shape == "deepeval":
            call = f"{use('measured')}({self._owner(function)}, {call})"
        return f"{use(f'score_of {function.shape}')}({call})"

    @property
    def _may_await(self) -> bool:
        return "async def" in self._recognized.source

    def _call(self, function: RewardFunction) -> str:
        steps = function.access or (function.name,)
        made = [i for i, step in enumerate(steps) if step == "()"]
        if not made:
            return "".join(steps)
        last = made[-1]
        return self._name_of(steps[: last + 1]) + "".join(steps[last + 1 :])

    def _owner(self, function: RewardFunction) -> str:
        return self._call(function).rpartition(".")[0] or self._call(function)

    def _name_of(self, path: tuple[str, ...]) -> str:
        base = "_".join(step.strip(".") for step in path if step != "()").lower()
        return self._use(f"instance {base}_{'made' if path.count('()') == 1 else 'made_twice'}")

    def _code_of(self, path: tuple[str, ...]) -> str:
        inner = [i for i, step in enumerate(path[:-1]) if step == "()"]
        if not inner:
            return "".join(path)
        return self._name_of(path[: inner[-1] + 1]) + "".join(path[inner[-1] + 1 :])


def encode_cases(recognized: Recognized, cases: Sequence[Case]) -> dict[str, Row]:
    """Name of a case -> the row that it is. Raises RewardError for a value that no other process could be handed."""
    names = list(recognized.expected_names)
    return {
        case.name: Row(encode_row(case.inputs, case.prediction, case.expected, case.name), names)
        for case in cases
    }


def _list_instances(functions: Sequence[RewardFunction]) -> list[tuple[str, ...]]:
    """The paths of all that is made by calling something without arguments, in the order in which they are needed."""
    paths: dict[tuple[str, ...], None] = {}
    for function in functions:
        for i, step in enumerate(function.access):
            if step == "()":
                paths.setdefault(function.access[: i + 1])
    return list(paths)


def _binds(tree: ast.Module, name: str) -> bool:
    """Whether the source's top level binds a name."""
    for node in tree.body:
        targets = (
            node.targets
            if isinstance(node, ast.Assign)
            else [node.target]
            if isinstance(node, ast.AnnAssign)
            else []
        )
        if any(isinstance(one, ast.Name) and one.id == name for one in targets):
            return True
        if isinstance(node, ast.Import | ast.ImportFrom) and any(
            (one.asname or one.name) == name for one in node.names
        ):
            return True
    return False


__all__ = ["Calls", "MissingColumnError", "encode_cases"]
