"""The file as a module of this process, and where an error in it is.

Its `if __name__ == "__main__":` does not run, and its own folder is first on the import path, as when Python runs it.
"""

from __future__ import annotations

import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Final

from refine_core.program_child.descriptions import Failure

MODULE: Final = "refinescope_program_"
MAX_FRAMES: Final = 30
MAX_CHARACTERS: Final = 20_000


def load_module(path: Path) -> ModuleType:
    """Run a Python file as a module. Raises whatever it raises; ImportError for what is no Python file."""
    name = f"{MODULE}{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path.name} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where inspect looks for the source of its classes
    sys.path.insert(0, str(path.resolve().parent))
    spec.loader.exec_module(module)
    return module


def describe_failure(kind: str, error: BaseException, path: Path) -> Failure:
    """An error of the user's code, with the innermost line of it that is in their own folder."""
    file, line = _find_line(error, path.parent)
    return Failure(
        kind,
        type(error).__name__,
        _message_of(error),
        str(file or path),
        line,
        format_traceback(error, path.parent),
        (error.name or "") if isinstance(error, ModuleNotFoundError) else "",
    )


def format_traceback(error: BaseException, folder: Path) -> str:
    """The traceback from the first line of the user's own on: what called it is this app's business."""
    whole = traceback.TracebackException.from_exception(error, limit=-MAX_FRAMES)
    own = [place for place, frame in enumerate(whole.stack) if _is_below(frame.filename, folder)]
    whole.stack = traceback.StackSummary.from_list(whole.stack[own[0] :] if own else [])
    return "".join(whole.format())[-MAX_CHARACTERS:]


def list_own_files(path: Path) -> list[str]:
    """The file, and the modules of its folder that it has imported."""
    folder = path.resolve().parent
    files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    own = {file for file in files if isinstance(file, str) and _is_below(file, folder)}
    return sorted(own | {str(path)})


def _find_line(error: BaseException, folder: Path) -> tuple[str | None, int | None]:
    if isinstance(error, SyntaxError) and error.filename:
        return error.filename, error.lineno
    frames = [one for one in traceback.extract_tb(error.__traceback__) if _is_below(one.filename, folder)]
    return (frames[-1].filename, frames[-1].lineno) if frames else (None, None)


def _is_below(file: str, folder: Path) -> bool:
    """Whether it is the user's own: below their folder, and in no environment that lies there."""
    if file.startswith(
        "<"
    ):  # `<frozen importlib._bootstrap>` is no file, and would be looked for in the current folder
        return False
    try:
        inside = Path(file).resolve().relative_to(folder.resolve())
    except (ValueError, OSError):
        return False
    return not {"site-packages", "dist-packages", ".venv", "venv"} & set(inside.parts)


def _message_of(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return error.msg or "this is not Python"
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - of an error whose own text fails, too
        return ""
