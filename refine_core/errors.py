"""Every error, by who is at fault.

    RefineError
    ├── AttemptError              an attempt's error as it was recorded, where the error itself is gone
    ├── ProgramError              the user's program, reward or input
    │   ├── SignatureError        a signature that does not parse; SignatureValueError, SignatureTypeError by what is wrong
    │   ├── SpecError             a program description that cannot run; carries every problem found
    │   ├── InputError            an input is missing or of the wrong type
    │   ├── InputsByNameError     a predictor takes its inputs by keyword
    │   ├── ParseError            a reply lacks what its signature promised
    │   ├── StateError            a saved state or program that cannot be written or read
    │   │   └── UnsafeLoadError   reading it would run code, and nobody has allowed that
    │   ├── RowsError             a file of rows that cannot be read
    │   ├── ImportRefused         a file that is no run, or none that can be trusted
    │   ├── BatchError            too many examples of a batch failed
    │   ├── LessonError           a lesson's folder that cannot be read, or not be run
    │   ├── RoomError             a guess or a show of hands that a class does not take
    │   └── RewardError           the reward is missing, raised, timed out or returned no number
    ├── LMError                   the model or its provider
    │   ├── LMKeyError            the key is missing or refused
    │   ├── LMNotFoundError       no such model
    │   ├── LMRefusedError        the request is not acceptable (a parameter, its content)
    │   │   └── LMPromptTooLongError  it does not fit the context window
    │   ├── LMRateLimitError      too many requests; may be retried
    │   │   ├── LMCreditError     the account has no credit left, so waiting does not help
    │   │   └── LMStillRefusedError  every call was refused for so long that no more are sent for now
    │   ├── LMTimeoutError        no answer in time; may be retried
    │   └── LMUnavailableError    unreachable, or broken on its side; may be retried
    └── InfrastructureError       this machine
        ├── StoreError            the database cannot be opened, read or written
        └── WorkerError           the reward worker cannot be started or broke its protocol

    Halt (a BaseException: `except Exception` in a user's program cannot swallow it)
    ├── RunCancelled              somebody asked the run to stop
    ├── BudgetUsedUp              the budget of the run is spent, or its costs are unknown
    ├── RecordingEnded            a replay came to the end of what was recorded
    ├── ArmStopped                every run of an experiment's arm would meet the same, such as a refused key
    ├── CellSetAside              a run of an experiment got no answer, and is gone on with later
    └── RecordingFailed           an event could not be stored, so nothing more may happen

Where dspy raises a built-in error, ours is one of those, too (SignatureValueError, ParseError and StateError are ValueErrors …),
and an LMError that is raised once litellm is loaded is also litellm's own: `except litellm.RateLimitError` catches it.
Every error says what, where and what to do next; the data rides on it as attributes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self


def _rebuild(cls: type[BaseException], args: tuple[object, ...]) -> BaseException:
    """An error as it was, without its own __init__, which takes other arguments than `args`."""
    error = cls.__new__(cls)
    error.args = args
    return error


class RefineError(Exception):
    """The root of all errors raised on purpose by refine_core; they can be pickled, so they cross processes."""

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.args), self.__dict__


class AttemptError(RefineError):
    """The error of an attempt that failed before its run was interrupted. fault: as recorded (refine_core.events.Fault)."""

    def __init__(self, message: str, *, fault: object) -> None:
        self.fault = fault
        super().__init__(message)


class ProgramError(RefineError):
    """The user's program, reward or input is at fault."""


class SignatureError(ProgramError):
    """A signature that does not parse.

    text: the signature as given. column: 1-based position of the fault in `text`, or None.
    """

    def __init__(self, message: str, *, text: str = "", column: int | None = None) -> None:
        self.text, self.column, self.message = text, column, message
        where = f" (column {column})" if column is not None else ""
        super().__init__(f"{message}{where}")


class SignatureValueError(SignatureError, ValueError):
    """A text, a name or a mapping that is not a signature. dspy raises ValueError."""


class SignatureTypeError(SignatureError, TypeError):
    """A class that names a field which is neither an input nor an output. dspy raises TypeError."""


class InputsByNameError(ProgramError, TypeError, ValueError):
    """A predictor was called with values instead of names and values. dspy raises ValueError."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a program description.

    field: the path of what it concerns, such as `stages.0.signature`, `reward` or `inputs.question`.
    line, column: 1-based position in that field's text, where known.
    """

    field: str
    message: str
    line: int | None = None
    column: int | None = None


class SpecError(ProgramError):
    """A program description that cannot run. problems: all of them, never empty."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{p.field}: {p.message}" for p in self.problems))

    @property
    def message(self) -> str:
        """What is wrong, without the names of the fields: for a screen that has them before it."""
        return "; ".join(problem.message for problem in self.problems)


class InputError(ProgramError):
    """An input is missing or of the wrong type. field: its name. signature: where it belongs."""

    def __init__(self, message: str, *, field: str, signature: str) -> None:
        self.field, self.signature = field, signature
        super().__init__(message)


class ParseError(ProgramError, ValueError):
    """A reply lacks what its signature promised. dspy raises ValueError.

    signature: the names alone, "question -> answer". reply: all of it. missing: names of fields without a value.
    invalid: field name -> why its text is not of the field's type. message: the whole sentence, where the reader of the
    reply knows better what it expected. cut: where the reply was cut off, a clause that says by what; else "".
    """

    def __init__(
        self,
        *,
        signature: str,
        reply: str,
        missing: tuple[str, ...] = (),
        invalid: dict[str, str] | None = None,
        message: str | None = None,
        cut: str = "",
    ) -> None:
        self.signature, self.reply, self.missing, self.invalid = signature, reply, missing, invalid or {}
        self.cut = cut
        wrong = [
            *(f"no field {name!r}" for name in missing),
            *(f"field {n!r}: {w}" for n, w in self.invalid.items()),
        ]
        super().__init__(message or f"{signature}: {'; '.join(wrong)}; the reply was {reply[:120]!r}")


class StateError(ProgramError, ValueError):
    """A saved state or program that cannot be written or read; the module is as it was. dspy raises ValueError."""


class NoFolderError(StateError, NotADirectoryError):
    """A whole program is saved to a folder, and a file is there."""

    def __new__(cls, *args: object) -> Self:
        """Made as an OSError is, which has more to it than a ValueError."""
        return OSError.__new__(cls, *args)


class UnwritableStateError(StateError, RuntimeError):
    """A state holds a value that its file cannot hold. dspy raises RuntimeError."""


class MissingStateError(StateError, KeyError):
    """A state lacks what the program needs. dspy raises KeyError."""

    __str__ = Exception.__str__  # a KeyError shows its message in quotes


class UnsafeLoadError(StateError):
    """Reading this file would run code that is in it, and nobody has allowed that."""


class RowsError(ProgramError, ValueError):
    """A file of rows that cannot be read. The sentence says what, where and what to do.

    file: what it is called. needs_encoding: whether naming the encoding of its text may help.
    """

    def __init__(self, message: str, *, file: str = "", needs_encoding: bool = False) -> None:
        self.file, self.needs_encoding = file, needs_encoding
        super().__init__(message)


class ImportRefused(ProgramError, ValueError):  # noqa: N818  # it is what happened
    """A file of runs that is not taken in: broken, newer, or not what a run can be. Nothing of it was kept."""


class BatchError(ProgramError):
    """Too many examples of a batch failed, so the rest were not begun.

    failures: how many. results: one an example, None where it failed or was not begun.
    """

    def __init__(self, message: str, *, failures: int, results: Sequence[object] = ()) -> None:
        self.failures, self.results = failures, tuple(results)
        super().__init__(message)


class LessonError(ProgramError):
    """A lesson that cannot be read or run. lesson: the name of its folder. problems: each with its file and place; never empty."""

    def __init__(self, lesson: str, problems: Sequence[Problem]) -> None:
        self.lesson, self.problems = lesson, tuple(problems)
        super().__init__("\n".join(f"{lesson}/{p.field}: {p.message}" for p in self.problems))


class RoomError(ProgramError):
    """A guess, or a show of hands, that a class does not take: it is closed, over or full, or there is no such class."""


class RewardError(ProgramError):
    """The reward cannot be read, raised, timed out or returned no number.

    type_name: the exception's class name, such as "KeyError", or one of "Timeout", "MemoryLimit", "WorkerDied",
    "TooLarge", "WrongType", "NotFinite", "NotTransferable", "NoReward", "ManyRewards".
    line: 1-based line of the reward's source to blame, or None. stdout: what it printed before.
    frames: (function, line) pairs inside the reward's own source, outermost first.
    candidates: with "ManyRewards", the names to choose from.
    repeats: whether every further score is bound to fail of it too.
    rule: the validator whose check failed, where it was not the reward itself; the message names it.
    """

    def __init__(
        self,
        message: str,
        *,
        type_name: str,
        line: int | None = None,
        column: int | None = None,
        stdout: str = "",
        frames: tuple[tuple[str, int], ...] = (),
        candidates: tuple[str, ...] = (),
        repeats: bool = False,
        rule: str | None = None,
    ) -> None:
        self.repeats, self.rule = repeats, rule
        self.type_name, self.line, self.column, self.stdout = type_name, line, column, stdout
        self.frames, self.candidates, self.message = frames, candidates, message
        where = f"reward, line {line}: " if line is not None else "reward: "
        super().__init__(f"{where}{message}")


@dataclass(frozen=True, slots=True)
class Charge:
    """What is paid for an unusable reply, such as a refusal.

    model: as it was asked for. Tokens, and US dollars, are None where unknown.
    """

    model: str
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost_usd: float | None = None


class LMError(RefineError):
    """The model or its provider is at fault.

    model: the name asked for. status: the HTTP status, where there was one. retryable: the same call may yet succeed.
    charge: set if the model did answer, but the reply is unusable. parameters: those of the request that the server refused.
    left_out: those of them that the next request leaves out. unanswered: no server said anything, neither a reply nor a refusal: it is not
    reached, stays silent until the time is up, or hangs up.
    """

    retryable = False
    unanswered = False
    parameters: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    def __init__(self, message: str, *, model: str = "", status: int | None = None) -> None:
        self.model, self.status = model, status
        self.charge: Charge | None = None
        super().__init__(message)


class LMKeyError(LMError):
    """The key is missing or refused."""


class LMNotFoundError(LMError):
    """No such model at this address."""


class LMRefusedError(LMError):
    """The request is not acceptable: a parameter, its length or its content."""


class LMPromptTooLongError(LMRefusedError):
    """The prompt does not fit the model's context window: the server said so, or it was counted before it was sent."""


class LMRateLimitError(LMError):
    """Too many requests, or no quota left. retry_after_s: as the provider asks, in seconds."""

    retryable = True

    def __init__(
        self, message: str, *, model: str = "", status: int | None = None, retry_after_s: float | None = None
    ) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(message, model=model, status=status)


class LMCreditError(LMRateLimitError):
    """The account behind the key has no credit left. Servers say so as they say "too many requests"."""

    retryable = False


class LMStillRefusedError(LMRateLimitError):
    """Every call of this model was refused as one too many for so long, or is to wait so long, that no more are sent for now."""

    retryable = False


class LMTimeoutError(LMError):
    """No answer in time."""

    retryable = True


class LMUnavailableError(LMError):
    """The server cannot be reached, or failed on its side. retry_after_s: as it asks, in seconds."""

    retryable = True

    def __init__(
        self, message: str, *, model: str = "", status: int | None = None, retry_after_s: float | None = None
    ) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(message, model=model, status=status)


class InfrastructureError(RefineError):
    """This machine is at fault."""


class StoreError(InfrastructureError):
    """The database cannot be opened, read or written."""


class WorkerError(InfrastructureError):
    """The reward worker cannot be started, or broke its protocol."""


class Halt(BaseException):
    """The run must stop now. Not an Exception, so that a user's `except Exception` cannot swallow it."""

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.args), self.__dict__


class RunCancelled(Halt):
    """Somebody asked the run to stop."""


class BudgetUsedUp(Halt):
    """The budget is spent, or the costs are unknown; the next call was not made."""


class RecordingEnded(Halt):
    """A replay came to the end of what was recorded: that run had no more replies either."""


class KeyRefused(Halt):
    """The key of a resumed run is refused. The run has not ended, and may be resumed with another key."""


class ArmStopped(Halt):
    """A run of an experiment met what every other run of its arm would meet, such as a refused key. It has not ended, and may be resumed."""


class CellSetAside(Halt):
    """A run of an experiment got no answer, which may be nobody's fault but the server's. It has not ended; it goes on later."""


class WorkersLost(Halt):
    """The workers that were to do the run are gone or cannot do it. The run has no end, and may be resumed."""


class RecordingFailed(Halt):
    """An event could not be stored. cause: why. Nothing happened after it."""

    def __init__(self, message: str, *, cause: Exception | None = None) -> None:
        self.cause = cause
        super().__init__(message)
