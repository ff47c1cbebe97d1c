"""What a Python file defines, and what is asked of it: plain data that goes through a pipe as JSON.

app                                      the file's own process
 |   RunRequest, a line of JSON  -->       |
 |   <--  Description, Failure             |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

from refine_core.jsonable import to_jsonable

Strategy = Literal["refine", "best_of_n"]
Library = Literal["dspy", "refine_core"]
OWN: Final = ""
"""The key of the reward of a refinement that is no function at the top level of the file."""
TYPED: Final = "<typed>"
"""The key of a reward that is typed in the app; no function has this name."""
DEFAULT_N, DEFAULT_THRESHOLD = 5, 1.0


@dataclass(frozen=True, slots=True)
class InputField:
    """An input of a program. type: as a signature writes it; "Any" for what only the file knows, given as JSON."""

    name: str
    type: str
    description: str = ""
    optional: bool = False


@dataclass(frozen=True, slots=True)
class ProgramEntry:
    """A program in the file. name: of its variable or class. kind: its class.

    reward: key of its own reward; None for a module, which has none. predictors: their names. model: the one that answers; "" for none.
    """

    name: str
    kind: str
    library: Library
    line: int | None
    inputs: tuple[InputField, ...]
    predictors: tuple[str, ...]
    model: str
    reward: str | None = None
    strategy: Strategy = "refine"
    n: int = DEFAULT_N
    threshold: float | None = DEFAULT_THRESHOLD

    @property
    def is_refinement(self) -> bool:
        """Whether it is a Refine or BestOfN, with a reward, N and threshold of its own."""
        return self.reward is not None


@dataclass(frozen=True, slots=True)
class RewardEntry:
    """A function (inputs, prediction) of the file. summary: what its docstring says first. source: its text, with what it uses of the file."""

    name: str
    line: int | None
    summary: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class InputExample:
    """Values of inputs that the file has. label: where it has them, such as "devset[3]"."""

    label: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Description:
    """What a file defines. The first program and the first reward are those that it most likely means.

    refinescope: the version that the file's Python has.
    """

    python: str
    refinescope: str
    libraries: tuple[str, ...]
    programs: tuple[ProgramEntry, ...]
    rewards: tuple[RewardEntry, ...]
    examples: tuple[InputExample, ...]
    files: tuple[str, ...] = ()

    def find_program(self, name: str) -> ProgramEntry | None:
        """The program of that name."""
        return next((one for one in self.programs if one.name == name), None)

    def list_rewards(self, program: ProgramEntry) -> list[str]:
        """The keys of what may score this program, the likeliest first."""
        names = [one.name for one in self.rewards]
        if program.reward is None:
            return names
        return [program.reward, *(name for name in names if name != program.reward)]


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong in the file's process. type: class of the error. line: of the file that `path` names.

    kind: "import", "found" (it defines no program), "request" (what was asked cannot be run), or "run". module: that is missing.
    """

    kind: str
    type: str
    message: str
    path: str = ""
    line: int | None = None
    traceback: str = ""
    module: str = ""


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What is to be run. reward: a key of the description, or TYPED; source: of one that was typed.

    model: description of the model to ask, where the file sets none.
    """

    program: str
    reward: str
    strategy: Strategy
    n: int
    threshold: float | None
    inputs: Mapping[str, Any] = field(default_factory=dict)
    model: Mapping[str, Any] | None = None
    source: str = ""


def to_data(value: Description | Failure | RunRequest) -> dict[str, Any]:
    """As JSON data."""
    data: dict[str, Any] = to_jsonable(asdict(value))
    return data


def read_description(data: Mapping[str, Any]) -> Description:
    """The inverse of `to_data`. Raises KeyError, TypeError."""
    programs = (
        {
            **one,
            "inputs": tuple(InputField(**each) for each in one["inputs"]),
            "predictors": tuple(one["predictors"]),
        }
        for one in data["programs"]
    )
    return Description(
        python=data["python"],
        refinescope=data["refinescope"],
        libraries=tuple(data["libraries"]),
        programs=tuple(ProgramEntry(**one) for one in programs),
        rewards=tuple(RewardEntry(**one) for one in data["rewards"]),
        examples=tuple(InputExample(**one) for one in data["examples"]),
        files=tuple(data["files"]),
    )
