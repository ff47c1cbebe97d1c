"""Parallel: many inputs at once, each through its program; `batch` is the same for one program.

    Parallel(num_threads=4)([(draft, Example(question="…").with_inputs("question")), (check, {"answer": "…"})])

How the calls are shared out, counted and stopped: refine_core.concurrency.pools.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from contextvars import copy_context
from dataclasses import replace
from functools import partial
from typing import Any

from refine_core.concurrency.cancellation import Cancel
from refine_core.concurrency.pools import Pool
from refine_core.configuration import describe_value, settings
from refine_core.log.scope import current_scope, use_scope
from refine_core.modules.elsewhere import Bound, check_executor, count_workers, make_calls
from refine_core.modules.prediction import Example

logger = logging.getLogger("refine_core")


class Parallel:
    """Call several programs at once. Source: dspy.Parallel, version 2.6.23; differs where it says "here".

    num_threads:  calls at once; None: settings.num_threads, read at each call.
    max_errors:   failures at which the rest is given up; None: settings.max_errors. 0 is as 1.
    access_examples: an Example is called with its inputs by keyword; False: with itself, as the one argument.
    return_failed_examples: return (results, failed examples, their exceptions), the latter two in the order of the
        examples; here they really hold them. Without it failures are logged.
    provide_traceback: log a failure with its traceback; None: settings.provide_traceback.
    disable_progress_bar: draw no bar on stderr. A Parallel inside another one's call draws none.
    executor: who makes the calls; None: threads of its own. Any concurrent.futures.Executor, such as ProcessPoolExecutor()
        or dask's client.get_executor(); it is not shut down. num_threads is then how many calls it is given at once; None:
        as many as it has workers. See below.

    In another process (every executor but ThreadPoolExecutor) a call has a copy of its program, of its inputs and of the
    settings, pickled by cloudpickle, so that functions of a script may be anything that cloudpickle takes. A key is never
    pickled: it is read over there from the variable in which it stands here, and one that stands in none is refused. What
    comes back is the result or the error with its traceback as a note, the tokens (track_usage), and, once the call has
    ended, the events of the scope. What does not: changes to the program, inspect_history, settings.trace, drafts; callbacks
    of the settings are not called, those of the program are, over there. A call that runs there cannot be stopped from here:
    a batch that is stopped takes back what waits and leaves the rest to end by itself. A killed worker fails its calls
    (WorkerError); Dask makes them again elsewhere first, so they may be paid for twice. A program that calls `batch` on the
    very ThreadPoolExecutor whose threads it runs in may wait for itself.

    Here nothing is kept on the object between calls, no signal handler is set, and a slow call is not made twice.
    Raises: TypeError or ValueError for pairs that are none, TypeError or LMKeyError for what cannot be sent to another
    process, both before anything runs; BatchError at max_errors failures;
    RunCancelled and other Halts; KeyboardInterrupt.
    """

    def __init__(  # noqa: PLR0917 - dspy's own order
        self,
        num_threads: int | None = None,
        max_errors: int | None = None,
        access_examples: bool = True,
        return_failed_examples: bool = False,
        provide_traceback: bool | None = None,
        disable_progress_bar: bool = False,
        *,
        executor: Executor | None = None,
    ) -> None:
        self.num_threads = None if num_threads is None else _number("num_threads", num_threads, minimum=1)
        self.max_errors = None if max_errors is None else _number("max_errors", max_errors, minimum=0)
        self.access_examples = access_examples
        self.return_failed_examples = return_failed_examples
        self.provide_traceback = provide_traceback
        self.disable_progress_bar = disable_progress_bar
        self.executor = None if executor is None else check_executor(executor)

    def __call__(self, exec_pairs: Iterable[tuple[Any, Any]], num_threads: int | None = None) -> Any:
        """See `forward`."""
        return self.forward(exec_pairs, num_threads)

    async def acall(self, exec_pairs: Iterable[tuple[Any, Any]], num_threads: int | None = None) -> Any:
        """See `forward`."""
        return await self.aforward(exec_pairs, num_threads)

    def forward(self, exec_pairs: Iterable[tuple[Any, Any]], num_threads: int | None = None) -> Any:
        """Call each pair's program with its example: (module or any callable, Example | dict | tuple | list of pairs).

        A dict is called by keyword, a tuple by position; a list is for a nested Parallel. Each call runs in a thread,
        in a copy of this context: settings, recording, hints and usage hold there.
        Returns: one result a pair, in their order; None in the place of a call that failed (and of one that returned
        None). With return_failed_examples a triple, see above.
        Raises: TypeError or ValueError that names the pair, before anything is called; BatchError at `max_errors`
        failures; a Halt or KeyboardInterrupt at once: what waits is not begun, what runs is asked to stop.
        """
        pairs = _to_list(exec_pairs)
        pool = self._pool(pairs, num_threads)
        pool.run()
        return self._collect_results(pairs, pool)

    async def aforward(self, exec_pairs: Iterable[tuple[Any, Any]], num_threads: int | None = None) -> Any:
        """`forward` for async callers: `acall` where a program has one; sync code runs in a thread."""
        pairs = _to_list(exec_pairs)
        pool = self._pool(pairs, num_threads)
        await pool.arun()
        return self._collect_results(pairs, pool)

    def _pool(self, pairs: Sequence[Any], num_threads: int | None) -> Pool:
        bound = [self._call(i, pair) for i, pair in enumerate(pairs)]
        n_workers = None if self.executor is None else count_workers(self.executor)
        num_threads = _number("num_threads", num_threads, self.num_threads, n_workers, minimum=1)
        calls = [one.effect() for one in bound] if self.executor is None else make_calls(self.executor, bound)
        max_errors = _number("max_errors", self.max_errors, minimum=0)
        cancel = Cancel(parent=current_scope().cancel)
        with use_scope(replace(current_scope(), cancel=cancel)):
            context = copy_context()
        return Pool(
            calls,
            num_threads=num_threads,
            max_errors=max_errors,
            cancel=cancel,
            context=context,
            on_failure=None if self.return_failed_examples else partial(self._log_failure, len(pairs)),
            progress=not self.disable_progress_bar,
        )

    def _call(self, index: int, pair: Any) -> Bound:
        """The call that a pair stands for. Raises TypeError, ValueError."""
        where = f"exec_pairs[{index}]"
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:  # noqa: PLR2004 - that is what a pair is
            raise TypeError(
                f"{where} must be a pair (module, example), not {type(pair).__name__} {pair!r:.80}"
            )
        module, example = pair
        if not callable(module):
            raise TypeError(
                f"{where}: the first of a pair is a module or another callable, not {type(module).__name__}"
            )
        if isinstance(example, Example):
            if not self.access_examples:
                return Bound(where, module, (example,), {})
            return Bound(where, module, (), _inputs(where, example))
        if isinstance(example, Mapping):
            return Bound(where, module, (), _inputs(where, example))
        if isinstance(example, tuple):
            return Bound(where, module, example, {})
        if isinstance(example, list) and isinstance(module, Parallel):
            return Bound(where, module, (example,), {})
        hint = "; a list of pairs is for a nested Parallel" if isinstance(example, list) else ""
        raise TypeError(
            f"{where}: the second of a pair is an Example, a dict of inputs or a tuple of arguments, "
            f"not {type(example).__name__}{hint}"
        )

    def _log_failure(self, count: int, index: int, error: Exception) -> None:
        with_traceback = (
            self.provide_traceback if self.provide_traceback is not None else settings.provide_traceback
        )
        advice = "" if with_traceback else "; set provide_traceback=True for the traceback"
        what = f"{type(error).__name__}: {error}"
        logger.error(
            "example %d of %d (counted from 0) failed: %s%s",
            index,
            count,
            what,
            advice,
            exc_info=error if with_traceback else None,
        )

    def _collect_results(self, pairs: Sequence[Any], pool: Pool) -> Any:
        if not self.return_failed_examples:
            return pool.results
        failed = sorted(pool.failures)
        return pool.results, [pairs[i][1] for i in failed], [pool.failures[i] for i in failed]


def batch(
    module: Callable[..., Any],
    examples: Iterable[Any],
    *,
    num_threads: int | None = None,
    max_errors: int | None = None,
    return_failed_examples: bool = False,
    provide_traceback: bool | None = None,
    disable_progress_bar: bool = False,
    executor: Executor | None = None,
) -> Any:
    """Call one program on many examples at once: Examples that know their inputs, or dicts of inputs.

    Returns and raises what Parallel does; an example that cannot be called is named before any call.
    """
    if isinstance(examples, Mapping):  # an Example too
        raise TypeError("examples is a list; write [example]")
    if isinstance(examples, (str, bytes)) or not isinstance(examples, Iterable):
        raise TypeError(f"examples is a list of Examples, not {describe_value(examples)}")
    pairs: list[tuple[Any, Any]] = []
    for i, example in enumerate(examples):
        if not isinstance(example, Mapping):
            raise TypeError(
                f"examples[{i}] must be an Example or a dict of inputs, not {type(example).__name__}"
            )
        _inputs(f"examples[{i}]", example)
        pairs.append((module, example))
    return Parallel(
        num_threads=num_threads,
        max_errors=max_errors,
        return_failed_examples=return_failed_examples,
        provide_traceback=provide_traceback,
        disable_progress_bar=disable_progress_bar,
        executor=executor,
    )(pairs)


def _to_list(pairs: Any) -> list[Any]:
    if isinstance(pairs, (str, bytes, Mapping)) or not isinstance(pairs, Iterable):
        raise TypeError(f"exec_pairs is a list of pairs (module, example), not {describe_value(pairs)}")
    return list(pairs)


def _inputs(where: str, example: Mapping[str, Any]) -> dict[str, Any]:
    """What a program is called with for this example, by keyword."""
    if isinstance(example, Example):
        try:
            example = Example.inputs(example)
        except ValueError:
            fields = ", ".join(map(repr, example)) or "'question'"
            raise ValueError(
                f"{where} does not know which of its fields are inputs; "
                f"call .with_inputs(…) on it first, with some of {fields}"
            ) from None
    for name in example:
        if not isinstance(name, str):
            raise TypeError(f"{where}: inputs are named by strings, not by {name!r} ({type(name).__name__})")
    return dict(example)


def _number(name: str, *candidates: int | None, minimum: int) -> int:
    """The first candidate that is not None, else the setting of that name. Raises ValueError."""
    value = next((one for one in candidates if one is not None), None)
    where = "" if value is not None else "settings."
    value = getattr(settings, name) if value is None else value
    if not isinstance(value, int) or value < minimum:
        raise ValueError(f"{where}{name} must be a whole number, {minimum} or more, not {value!r}")
    return value
