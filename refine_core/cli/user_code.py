"""The user's own Python, run in this process: a file as a module, and its `main` up to the first call of a program.

file --load_module--> module --run_main--> Call(module, inputs), which was about to be made
"""

from __future__ import annotations

import importlib.util
import inspect
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from refine_core.cli.output import BadInput
from refine_core.errors import Halt

if TYPE_CHECKING:
    from refine_core.modules import Module

_MODULE: Final = "refinescope_program_"


def load_module(path: Path) -> ModuleType:
    """Run a Python file as a module, with its folder first on the import path. Raises BadInput with the line that failed."""
    name = f"{_MODULE}{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise BadInput(f"{path} is no Python file that can be read")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where inspect looks for the source of its classes
    sys.path.insert(0, str(path.resolve().parent))
    with _blaming(path):
        spec.loader.exec_module(module)
    return module


class Call(Halt):
    """The first call of a program in the user's main, in place of which this is raised."""

    def __init__(self, module: Module, inputs: Mapping[str, Any]) -> None:
        self.module, self.inputs = module, inputs
        super().__init__("a call is taken over")


def run_main(module: ModuleType, path: Path) -> Call | None:
    """The call of a program that `main` makes, which is not made; None where there is no main, or it calls none."""
    from refine_core.callbacks import BaseCallback
    from refine_core.configuration import context, get_setting

    main = getattr(module, "main", None)
    if not inspect.isfunction(main) or main.__module__ != module.__name__ or _required(main):
        return None

    class TakeOver(BaseCallback):
        def on_module_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:  # noqa: ARG002
            if (lm := get_setting("lm")) is not None:  # which a block of main may have set
                for one in instance.predictors():
                    one.lm = one.lm or lm
            raise Call(instance, inputs["kwargs"])

    try:
        with _blaming(path), context(callbacks=[TakeOver()]):
            main()
    except Call as call:
        return call
    return None


@contextmanager
def _blaming(path: Path) -> Iterator[None]:
    """A context in which the user's code runs: as if called without arguments. Raises BadInput with the line that failed."""
    arguments, sys.argv = sys.argv, [str(path)]
    try:
        yield
    except SyntaxError as error:
        raise BadInput(f"{path.name}, line {error.lineno}: SyntaxError: {error.msg}") from None
    except (Exception, SystemExit) as error:
        lines = [one.lineno for one in traceback.extract_tb(error.__traceback__) if one.filename == str(path)]
        where = f", line {lines[-1]}" if lines else ""
        raise BadInput(f"{path.name}{where}: {type(error).__name__}: {error}") from error
    finally:
        sys.argv = arguments


def _required(function: Any) -> bool:
    parameters = inspect.signature(function).parameters.values()
    return any(
        one.default is one.empty and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
        for one in parameters
    )
