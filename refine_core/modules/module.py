"""Module: a program, and what can be done with every program.

    class Answer(Module):
        def __init__(self):
            self.draft = ChainOfThought("question -> draft")      # named "draft.predict"
            self.check = Predict("question, draft -> answer")     # named "check"
        def forward(self, question):
            return self.check(question=question, draft=self.draft(question=question).draft)

tree.py      the predictors in it        copying.py   copies of it
saving.py    its state on disk           parallel.py  many inputs at once
observing.py callbacks of a call, and its tokens
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, Self, overload

from refine_core.concurrency.flows import Flow, arun, run
from refine_core.concurrency.overriding import overrides
from refine_core.concurrency.threads import block_on, in_thread
from refine_core.configuration import check_callbacks
from refine_core.errors import InputsByNameError
from refine_core.modules.copying import deepcopy, reset_copy
from refine_core.modules.effects import CallModule
from refine_core.modules.observing import cancel_on_error, has_observers, observe_call
from refine_core.modules.prediction import Prediction
from refine_core.modules.saving import SavedState
from refine_core.modules.tree import Tree


class Module(Tree, SavedState):
    """The base of programs: write `forward` (or `aforward`), call the module. Source: dspy.Module, version 2.6.23.

    callbacks: notified of each call of this module; see BaseCallback. Lists, tuples, dicts and nested modules are walked, in
    the order of their attributes; a shared predictor is named once; a nested module with `_compiled` set is frozen.
    Raises: what `forward` raises; NotImplementedError without one; TypeError for invalid callbacks.
    """

    callbacks: Sequence[Any] = ()
    _compiled = False

    def __init__(self, callbacks: Sequence[Any] | None = None) -> None:
        self.callbacks = check_callbacks(callbacks)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the program. Takes what `forward` takes, returns what it returns.

        With `track_usage` set, the prediction holds the tokens used: see Prediction.get_lm_usage.
        """
        if not has_observers(self):
            return self.forward(*args, **kwargs)
        with observe_call(self, args, kwargs) as call:
            call.outputs = self.forward(*args, **kwargs)
        return call.outputs

    async def acall(self, *args: Any, **kwargs: Any) -> Any:
        """Run the program in an event loop. A `forward` that has no async twin runs in a thread, its context copied."""
        with observe_call(self, args, kwargs) as call:
            if _is_async(type(self)):  # type: ignore[arg-type]  # every class can be hashed
                call.outputs = await self.aforward(*args, **kwargs)
            else:
                with cancel_on_error():
                    call.outputs = await in_thread(self.forward, *args, **kwargs)
        return call.outputs

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the program does; yours to write."""
        if not _is_async(type(self)):  # type: ignore[arg-type]  # as above
            raise NotImplementedError(
                f"{type(self).__name__} has no forward; define forward(self, …) or aforward(self, …)"
            )
        return block_on(self.aforward(*args, **kwargs))

    async def aforward(self, *args: Any, **kwargs: Any) -> Any:
        """What the program does, for async callers; yours to write, if you like."""
        return await in_thread(self.forward, *args, **kwargs)

    def deepcopy(self) -> Self:
        """A copy that shares no mutable state with this one, models excepted.

        What cannot be copied is copied shallowly, else shared, with a warning in the log.
        """
        return deepcopy(self)

    def reset_copy(self) -> Self:
        """A copy whose predictors have no model and no demos."""
        return reset_copy(self)

    def batch(  # noqa: PLR0917 - dspy's own order
        self,
        examples: Sequence[Any],
        num_threads: int | None = None,
        max_errors: int | None = None,
        return_failed_examples: bool = False,
        provide_traceback: bool | None = None,
        disable_progress_bar: bool = False,
        executor: Executor | None = None,
    ) -> Any:
        """Run the program on many examples at once. See Parallel, which does it.

        examples: Examples that know their inputs, or dicts of inputs. max_errors: failures after which it gives up.
        executor: any concurrent.futures.Executor, in place of threads of its own: see Parallel for what crosses to a process.
        Returns: one result an example, in order, None where it failed; with return_failed_examples a triple: the
        results, the examples that failed, and why each did. Raises: what Parallel raises.
        """
        from refine_core.modules.parallel import batch

        return batch(
            self,
            examples,
            num_threads=num_threads,
            max_errors=max_errors,
            return_failed_examples=return_failed_examples,
            provide_traceback=provide_traceback,
            disable_progress_bar=disable_progress_bar,
            executor=executor,
        )

    def inspect_history(self, n: int = 1) -> None:
        """Print the last `n` prompts and replies of this process, for people. Source: dspy.inspect_history."""
        from refine_core.lm.recent_calls import inspect_history

        inspect_history(n)


class Operation(Module):
    """A module whose work is written once, for sync and async callers: see refine_core.concurrency.flows."""

    def _flow(self, **inputs: Any) -> Flow[Prediction]:
        """The work, as a generator of effects."""
        raise NotImplementedError(f"{type(self).__name__} has no _flow")

    def _restore_context(self) -> AbstractContextManager[Any] | None:
        """The attempt's settings and scope, for a call from a thread that has not inherited them; else None."""
        return None

    def __call__(self, *args: Any, **inputs: Any) -> Prediction:
        """Do the work. Takes the inputs by keyword, returns a Prediction."""
        if args:
            raise self._keywords_error()
        if (context := self._restore_context()) is None:
            if not has_observers(self):
                return self.forward(**inputs)
            context = nullcontext()
        with context:
            prediction: Prediction = super().__call__(**inputs)
        return prediction

    async def acall(self, *args: Any, **inputs: Any) -> Prediction:
        """`__call__` for async code."""
        if args:
            raise self._keywords_error()
        with self._restore_context() or nullcontext():
            prediction: Prediction = await super().acall(**inputs)
        return prediction

    if TYPE_CHECKING:  # what Module.batch says, of predictions

        @overload  # type: ignore[override]  # overloads say what one signature cannot
        def batch(
            self,
            examples: Sequence[Any],
            num_threads: int | None = ...,
            max_errors: int | None = ...,
            return_failed_examples: Literal[False] = ...,
            provide_traceback: bool | None = ...,
            disable_progress_bar: bool = ...,
            executor: Executor | None = ...,
        ) -> list[Prediction | None]: ...
        @overload
        def batch(
            self,
            examples: Sequence[Any],
            num_threads: int | None = ...,
            max_errors: int | None = ...,
            *,
            return_failed_examples: Literal[True],
            provide_traceback: bool | None = ...,
            disable_progress_bar: bool = ...,
            executor: Executor | None = ...,
        ) -> tuple[list[Prediction | None], list[Any], list[Exception]]: ...
        def batch(self, *args: Any, **kwargs: Any) -> Any: ...

    def forward(self, **inputs: Any) -> Prediction:
        if _is_async_only(type(self)):  # type: ignore[arg-type]  # as above
            prediction: Prediction = block_on(self.aforward(**inputs))
            return prediction
        return run(self._flow(**inputs))

    async def aforward(self, **inputs: Any) -> Prediction:
        with cancel_on_error():
            return await arun(self._flow(**inputs))

    def _keywords_error(self) -> InputsByNameError:
        signature = next((one.signature for one in self.predictors()), None)
        names = ", ".join(f"{name}=…" for name in signature.input_fields) if signature else "name=…"
        return InputsByNameError(f"{type(self).__name__} takes its inputs by keyword: ({names})")


_CALLS = frozenset(("__call__", "acall", "forward", "aforward"))


def call(module: Module, inputs: Mapping[str, Any]) -> Flow[Any]:
    """Call a module within an operation. What the library does itself goes on in the same operation, for it is quicker."""
    if (
        isinstance(module, Operation)
        and not overrides(module, _CALLS)
        and module._restore_context() is None  # noqa: SLF001 - of a class of this file
        and not has_observers(module)
    ):
        return module._flow(**inputs)  # noqa: SLF001
    return _call_from_outside(module, inputs)


def _call_from_outside(module: Module, inputs: Mapping[str, Any]) -> Flow[Any]:
    return (yield CallModule((module, module.acall), **inputs))


@lru_cache(maxsize=1024)
def _is_async(cls: type) -> bool:
    """Whether the class, or the nearest of its bases that says either, says `aforward`."""
    for one in cls.__mro__:
        if one is Module:
            return False
        if "aforward" in vars(one):
            return True
        if "forward" in vars(one):
            return False
    return False


@lru_cache(maxsize=1024)
def _is_async_only(cls: type) -> bool:
    """Whether the nearest class that says either `forward` or `aforward` says `aforward` alone."""
    for one in cls.__mro__:
        if "forward" in vars(one) or "aforward" in vars(one):
            return "forward" not in vars(one)
    return False
