"""What to say where a file does not run: what happened, where, and what to do about it."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from refine_core import __version__
from refine_core.program_child.descriptions import Description, Failure

_NO_REFINESCOPE: Final = re.compile(r"No module named '?refine_core")
_SAVE: Final = "Fix it and save the file: it starts again by itself."
_INSTALL_NAMES: Final = {"sklearn": "scikit-learn", "yaml": "PyYAML", "PIL": "Pillow", "cv2": "opencv-python"}


@dataclass(frozen=True, slots=True)
class ProgramProblem:
    """headline: what happened. advice: what to do; command: to be typed in a terminal for it, "" for none. traceback: of an error."""

    headline: str
    advice: str
    traceback: str = ""
    command: str = ""


def describe_import_failure(failure: Failure, path: Path, python: str) -> ProgramProblem:
    """The file could not be imported."""
    where = _where(failure, path)
    match failure.type:
        case "SyntaxError" | "IndentationError" | "TabError":
            return ProgramProblem(f"{where}: {failure.type}: {failure.message}", _SAVE, failure.traceback)
        case "ModuleNotFoundError" if failure.module:
            package = _INSTALL_NAMES.get(top := failure.module.partition(".")[0], top)
            return ProgramProblem(
                f"{where}: there is no module {failure.module}",
                "Install it for the Python that runs the file, and press Start again. A module of your own belongs into the folder of the program.",
                failure.traceback,
                f"{python} -m pip install {package}",
            )
        case "SystemExit":
            return ProgramProblem(
                f"{where}: the file ended its process while it was imported (sys.exit)",
                'Put what is to happen only when it is run as a script under if __name__ == "__main__": and save.',
                failure.traceback,
            )
        case "KeyboardInterrupt":
            return describe_stop(path)
        case _:
            return ProgramProblem(
                f"{where}: {failure.type}{f': {failure.message}' if failure.message else ''}",
                _SAVE,
                failure.traceback,
            )


def describe_nothing_found(description: Description, path: Path) -> ProgramProblem | None:
    """The file defines no program; None where it has one. A reward can be typed in the app."""
    names = [one.name for one in description.rewards]
    if not description.programs:
        found = f"It has functions that can be a reward: {', '.join(names)}. " if names else ""
        return ProgramProblem(
            f"{path.name} defines no program",
            f"{found}Put one at the top level of the file, such as "
            'program = dspy.ChainOfThought("question -> answer"), or a Refine or BestOfN of one. A program that is made inside a '
            'function, or under if __name__ == "__main__":, is not found.',
        )
    return None


def describe_other_version(version: str, python: str) -> ProgramProblem | None:
    """The file's Python has another Refinescope than the app, so the two may misunderstand each other; None where it has the same."""
    if version == __version__:
        return None
    return ProgramProblem(
        f"This Python has Refinescope {version or 'of an unknown version'}, and the app is {__version__}",
        "Install the same version beside your packages, and press Start again.",
        command=f"{python} -m pip install refinescope=={__version__}",
    )


def describe_end(
    code: int | None, path: Path, *, importing: bool, output: str, python: str
) -> ProgramProblem:
    """The process ended without a word. code: as Popen reports it."""
    doing = "was imported" if importing else "was running"
    if importing and _NO_REFINESCOPE.search(output):
        return ProgramProblem(
            "This Python has no Refinescope",
            "Install it beside your packages, and press Start again.",
            command=f"{python} -m pip install refinescope",
        )
    if code is not None and code < 0:
        name = _SIGNALS.get(-code) or _name_signal(-code)
        return ProgramProblem(
            f"{path.name}: the process crashed while the file {doing} ({name})",
            "The output says where, if anything was printed. A crash of this kind comes from native code, from too little memory, or from a kill.",
        )
    return ProgramProblem(
        f"{path.name}: the process ended while the file {doing} (exit code {code})",
        "Something in the file ended it at once, as os._exit does. The output says what was printed before.",
    )


def describe_stop(path: Path) -> ProgramProblem:
    """A person stopped it while it was imported."""
    return ProgramProblem(
        f"{path.name} was stopped while it was imported",
        'If it loops or waits at its top level, put that into a function, or under if __name__ == "__main__":, and save.',
    )


def describe_missing(path: Path) -> ProgramProblem:
    """There is no such file any more."""
    return ProgramProblem(
        f"{path.name} is gone",
        f"It was at {path}. Once it is there again, it starts by itself. Its runs are in Runs.",
    )


def describe_no_python(python: str, error: OSError) -> ProgramProblem:
    """The interpreter cannot be started."""
    return ProgramProblem(
        f"{python} cannot be started: {error.strerror or error}",
        "Name a Python that exists: refinescope open PROGRAM.py --python PATH",
    )


def describe_run_failure(failure: Failure, path: Path) -> ProgramProblem:
    """A run could not begin, or raised."""
    if failure.kind == "request":
        return ProgramProblem(f"Not run: {failure.message}", "", "")
    where = f"{_where(failure, path)}: " if failure.line else ""
    return ProgramProblem(
        f"{where}{failure.type}{f': {failure.message}' if failure.message else ''}",
        "The call ended with this error.",
        failure.traceback,
    )


def _where(failure: Failure, path: Path) -> str:
    name = Path(failure.path).name if failure.path else path.name
    return name if failure.line is None else f"{name}, line {failure.line}"


def _name_signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


_SIGNALS: Final = {
    11: "segmentation fault",
    6: "aborted",
    9: "killed",
    4: "illegal instruction",
    8: "arithmetic error",
}
