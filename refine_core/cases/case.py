"""Case: one output and what is wanted of its score. CaseSet: the cases of a reward."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from refine_core.cases.wants import Want
from refine_core.rows import Row

MAX_CASES: Final = 1_000
MAX_NAME_CHARS: Final = 120


@dataclass(frozen=True, slots=True)
class Case:
    """One output that somebody has judged.

    name: one line, no two of a set alike. inputs, prediction, expected: as in a Row. want: what its score has to be.
    """

    name: str
    inputs: Mapping[str, object]
    prediction: Mapping[str, object]
    expected: Mapping[str, object] = field(default_factory=dict)
    want: Want = field(kw_only=True)

    def to_row(self) -> Row:
        """The case as a row, which is a group of its own."""
        return Row(self.name, self.inputs, self.prediction, self.expected, group=self.name)

    def same_output(self, other: Case | Row) -> bool:
        """Whether it is the same output of the same inputs, judged by the same expected values."""
        return output_key(self) == output_key(other)


def output_key(one: Case | Row) -> str:
    """Text that is equal for the same output of the same inputs and expected values."""
    return repr([sorted(values.items()) for values in (one.inputs, one.prediction, one.expected)])


@dataclass(frozen=True, slots=True)
class CaseSet:
    """The cases of one reward, in order. threshold: what good and bad are compared with; None: with each other.

    Raises ValueError, a sentence, for two cases of one name, a name that is not one line, and too many cases.
    """

    cases: tuple[Case, ...] = ()
    threshold: float | None = None

    def __post_init__(self) -> None:
        if len(self.cases) > MAX_CASES:
            raise ValueError(f"there are {len(self.cases)} cases; at most {MAX_CASES} are kept")
        seen: set[str] = set()
        for case in self.cases:
            if not case.name.strip() or not case.name.isprintable() or len(case.name) > MAX_NAME_CHARS:
                raise ValueError(f"a case's name must be one line of at most {MAX_NAME_CHARS} characters")
            if case.name in seen:
                raise ValueError(f"two cases are called “{case.name}”; a name belongs to one")
            seen.add(case.name)

    def __iter__(self) -> Iterator[Case]:
        return iter(self.cases)

    def __len__(self) -> int:
        return len(self.cases)

    def find(self, name: str) -> Case | None:
        """The case of that name, or None."""
        return next((case for case in self.cases if case.name == name), None)

    def add(self, case: Case) -> CaseSet:
        """With one more case, whose name gets a number if it is taken. The same output is there once: the new want wins."""
        return self.add_all((case,))

    def add_all(self, cases: Iterable[Case]) -> CaseSet:
        """The same with several, in order."""
        by_output = {output_key(case): case for case in self.cases}
        names = {case.name for case in self.cases}
        for case in cases:
            key = output_key(case)
            known = by_output.get(key)
            name = known.name if known is not None else _find_free(case.name, names)
            names.add(name)
            by_output[key] = replace(case if known is None else known, name=name, want=case.want)
        return replace(self, cases=tuple(by_output.values()))

    def remove(self, name: str) -> CaseSet:
        """Without the case of that name."""
        return replace(self, cases=tuple(case for case in self.cases if case.name != name))

    def change(self, name: str, new: Case) -> CaseSet:
        """With another case in the place of the one of that name. Raises ValueError for a name that is taken."""
        return replace(self, cases=tuple(new if case.name == name else case for case in self.cases))


def _find_free(wanted: str, taken: set[str]) -> str:
    """The name, cut and made one line; with a number, such as "nothing (2)", if a case has it."""
    plain = " ".join("".join(char if char.isprintable() else " " for char in wanted).split())
    plain = plain[: MAX_NAME_CHARS - 8].strip() or "case"
    name, number = plain, 2
    while name in taken:
        name, number = f"{plain} ({number})", number + 1
    return name
