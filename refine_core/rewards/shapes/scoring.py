"""The calls themselves: functions of a loaded source over kept rows, one row, a batch or a group at a time.

    rows --Scoring.keep--> kept
    [[index, …], …] --Scoring.score_units--> a result for each index

A result is a number, None for "unscored", or an object: {"v", "f", "p", "o"} with value, feedback, parts and output, or
{"e", "h", "o"} with an error frame and what happened (see outcomes.py).

Standard library only, like everything the worker imports.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any, Protocol

from refine_core.rewards.awaiting import Awaiting, is_awaitable
from refine_core.rewards.error_frames import clip, make_error
from refine_core.rewards.limits import ROW_TEXT_CHARS
from refine_core.rewards.sandbox_api import CapturedOutput, Deadline, FirstFrame, TimeLimit
from refine_core.rewards.score_conversion import NotAScore, check_parts
from refine_core.rewards.shapes.binding import Binder, Extras
from refine_core.rewards.shapes.returns import Result, convert_return, is_unscored
from refine_core.rewards.shapes.row_values import Row

Outcome = dict[str, Any]
"""A result as JSON data."""


class Failures(Protocol):
    """Puts an error of the user's code into a frame."""

    def __call__(self, error: BaseException, limit_s: float) -> dict[str, object]: ...


class WrongLengthError(NotAScore):
    """A list that is not as long as the rows."""


class Scoring:
    """Functions of one source, and the rows that are kept for them.

    plan: as Recognized.to_plan gives it. module: in which the source has run. limit_s: for one call.
    Raises: NameError, TypeError, and whatever making an instance or calling a factory raises.
    """

    def __init__(
        self,
        plan: dict[str, Any],
        module: ModuleType,
        limit_s: float,
        *,
        clock: TimeLimit,
        output: CapturedOutput,
        describe: Failures,
    ) -> None:
        self._names = plan["expected_names"]
        self._limit_s, self._clock, self._output, self._describe = limit_s, clock, output, describe
        parser = vars(module).get("parser")
        owners: dict[str, Any] = {}
        self._functions = [_Function(one, module, parser, owners) for one in plan["functions"]]
        only = self._functions[0]
        self._single = len(self._functions) == 1 and only.weight == 1.0 and only.per == "row"
        self._rows: list[Row] = []
        self._awaiting = Awaiting(clock, limit_s)

    def keep(self, rows: list[Any]) -> int:
        """Keep rows for `score_units`. Returns how many there are."""
        new = [Row(one, self._names) for one in rows]
        self._rows += new
        for function in self._functions:
            function.binder.learn_columns(new)
        return len(self._rows)

    def score_units(self, units: list[list[int]], slice_s: float) -> list[list[Outcome | float | None]]:
        """The results of as many units as fit into slice_s seconds, at least one. A unit: places of rows that stay together."""
        end = time.monotonic() + slice_s
        results = []
        try:
            for unit in units:
                rows = [self._rows[i] for i in unit]
                results.append([self._score_row(rows[0].fresh())] if self._single else self._score_unit(rows))
                if time.monotonic() > end:
                    break
        finally:
            self._clock.stop()
        return results

    def score_range(self, first: int, last: int, slice_s: float) -> list[Outcome | float | None]:
        """The same for rows that are scored one by one: those from `first` up to, without, `last`."""
        end = time.monotonic() + slice_s
        results = []
        try:
            for row in self._rows[first:last]:
                results.append(self._score_row(row.fresh()))
                if time.monotonic() > end:
                    break
        finally:
            self._clock.stop()
        return results

    def score_one(self, encoded: list[Any]) -> Outcome | float | None:
        """The result of a row that is not kept."""
        try:
            return self._score_unit([Row(encoded, self._names)])[0]
        finally:
            self._clock.stop()

    def score_together(self, encoded: list[list[Any]], columns: list[str]) -> list[Outcome | float | None]:
        """The results of rows that are not kept, and are one unit. columns: of all rows there are."""
        rows = [Row(one, self._names) for one in encoded]
        for function in self._functions:
            function.binder.learn_columns(rows)
            function.binder.learn_names(columns)
        try:
            return self._score_unit(rows)
        finally:
            self._clock.stop()

    def _score_row(self, row: Row) -> Outcome | float | None:
        """One function on one row: the path of most rewards."""
        function, clock = self._functions[0], self._clock
        first, line = FirstFrame(), None
        try:
            try:
                clock.begin(self._limit_s)
                arguments, named = function.binder.bind(row)
                sys.settrace(first)
                result = function.call(*arguments, **named)
                sys.settrace(None)
                if type(result) is not float and is_awaitable(result):
                    first.follow(result)
                    result = self._awaiting.finish(result)
                line = first.take_line()
                value, feedback, parts = function.convert(result)
            finally:
                sys.settrace(None)
                clock.end()
        except NotAScore as error:
            return self._error(make_error(error.type_name, error.message, line), "exception", function)
        except BaseException as error:  # noqa: BLE001  # SystemExit and KeyboardInterrupt too
            return self._error(self._describe(error, self._limit_s), "exception", function)
        if clock.expired:
            return self._error(self._describe(Deadline(), self._limit_s), "exception", function)
        return self._outcome(value, feedback, parts)

    def _outcome(self, value: float | None, feedback: str, parts: dict[str, float]) -> Outcome | float | None:
        stdout = self._output.take()
        if not (feedback or parts or stdout):
            return value
        return {
            "v": value,
            "f": clip(feedback, ROW_TEXT_CHARS),
            "p": parts,
            "o": clip(stdout, ROW_TEXT_CHARS),
        }

    def _error(self, frame: dict[str, object], happening: str, function: _Function) -> Outcome:
        frame["message"] = clip(str(frame["message"]), ROW_TEXT_CHARS)
        return {
            "e": frame,
            "h": happening,
            "n": function.name,
            "o": clip(self._output.take(), ROW_TEXT_CHARS),
        }

    def _score_unit(self, rows: list[Row]) -> list[Outcome | float | None]:
        """Every function on the rows of one unit, and what they come to together."""
        shared: list[dict[str, Any]] = [{} for _ in rows]
        columns = [self._score_with(one, _share(rows, shared)) for one in self._functions]
        return [self._combine([column[i] for column in columns]) for i in range(len(rows))]

    def _score_with(self, function: _Function, rows: list[Row]) -> list[Result | Outcome]:
        if function.per == "row":
            return [self._call(function, [row])[0] for row in rows]
        if function.per == "batch":
            return self._call(function, rows)
        results: dict[int, Result | Outcome] = {}
        groups: dict[Any, list[int]] = {}
        for i, row in enumerate(rows):
            groups.setdefault(row.group if row.group is not None else (i,), []).append(i)
        for places in groups.values():
            results.update(zip(places, self._call(function, [rows[i] for i in places]), strict=True))
        return [results[i] for i in range(len(rows))]

    def _call(self, function: _Function, rows: list[Row]) -> list[Result | Outcome]:
        """One call, guarded: a result for each of the rows."""
        first, line, happening = FirstFrame(), None, "exception"
        clock = self._clock
        try:
            try:
                clock.begin(self._limit_s)
                extras = Extras()
                if function.per == "row":
                    arguments, named = function.binder.bind(rows[0])
                else:
                    arguments, named = (), function.binder.bind_many(rows, extras)
                sys.settrace(first)
                result = function.call(*arguments, **named)
                sys.settrace(None)
                if is_awaitable(result):
                    first.follow(result)
                    result = self._awaiting.finish(result)
                line = first.take_line()
                results = (
                    [function.convert(result)]
                    if function.per == "row"
                    else function.convert_list(result, len(rows), extras)
                )
            finally:
                sys.settrace(None)
                clock.end()
        except NotAScore as error:
            happening = "length" if isinstance(error, WrongLengthError) else "exception"
            failed = self._error(make_error(error.type_name, error.message, line), happening, function)
        except BaseException as error:  # noqa: BLE001  # as above
            failed = self._error(self._describe(error, self._limit_s), happening, function)
        else:
            if not clock.expired:
                return list(results)
            failed = self._error(self._describe(Deadline(), self._limit_s), happening, function)
        return [failed, *({**failed, "o": ""} for _ in rows[1:])]

    def _combine(self, results: list[Result | Outcome]) -> Outcome | float | None:
        """The weighted sum of several functions, each a part. What gave no score is left out; an error leaves none."""
        for result in results:
            if isinstance(result, dict):
                return result
        scores: list[Result] = [one for one in results if not isinstance(one, dict)]
        only = self._functions[0]
        if len(scores) == 1 and only.weight == 1.0:
            return self._outcome(*scores[0])
        total, parts, reasons = 0.0, dict[str, float](), []
        for function, (value, feedback, inner) in zip(self._functions, scores, strict=True):
            if value is not None:
                parts[function.name] = value
                total += function.weight * value
            parts.update({f"{function.name}.{name}": number for name, number in inner.items()})
            if feedback:
                reasons.append(f"{function.name}: {feedback}")
        is_scored = any(value is not None for value, _, _ in scores)
        try:
            check_parts(parts)
            if not math.isfinite(total):
                raise NotAScore("NotFinite", "the weighted sum of the parts is not finite")  # noqa: TRY301  # as any other
        except NotAScore as error:
            return self._error(make_error(error.type_name, error.message, None), "exception", only)
        return self._outcome(total if is_scored else None, "\n".join(reasons), parts)


def _share(rows: list[Row], shared: list[dict[str, Any]]) -> list[Row]:
    """The rows as they were given, each with what its functions have in common."""
    fresh = [row.fresh() for row in rows]
    for row, values in zip(fresh, shared, strict=True):
        row.shared = values
    return fresh


class _Function:
    """One function of the source, reached and ready to be called."""

    def __init__(self, plan: dict[str, Any], module: ModuleType, parser: Any, owners: dict[str, Any]) -> None:
        self.name, self.shape = plan["name"], plan["shape"]
        self.per, self.weight = plan["per"], plan["weight"]
        self._owner: Any = None
        self.call = self._reach(plan["access"], module, owners)
        if ".rubric" in plan["access"]:  # its own, in place of the module's
            parser = getattr(self._owner, "__dict__", {}).get("parser", parser)
        self.binder = Binder(plan, parser)

    def convert(self, result: Any) -> Result:
        """The result of a call for one row. Raises: NotAScore."""
        if self.shape == "deepeval":
            return self._convert_measured(result)
        return convert_return(self.shape, result)

    def convert_list(self, result: Any, count: int, extras: Extras) -> list[Result]:
        """The results of a call for several rows. Raises: NotAScore."""
        if isinstance(result, dict) and "rewards" in result:
            result = result["rewards"]
        if not isinstance(result, (list, tuple)) and callable(getattr(result, "tolist", None)):
            result = result.tolist()
        if not isinstance(result, (list, tuple)):
            if is_unscored(result):
                raise NotAScore(
                    "WrongType", "the reward returned None; expected a list with a score for each row"
                )
            raise WrongLengthError(
                "WrongType",
                f"the reward returned a {type(result).__name__[:100]}; expected a list with a score for each row",
            )
        if len(result) != count:
            raise WrongLengthError(
                "WrongLength",
                f"the reward returned {len(result)} scores for {count} row{'s' if count != 1 else ''}",
            )
        converted = []
        for i, one in enumerate(result):
            value, feedback, parts = convert_return(self.shape, one)
            logged = extras.feedback(i) if extras.columns else ""
            converted.append((value, "\n".join(filter(None, (feedback, logged))), parts))
        return converted

    def _convert_measured(self, result: Any) -> Result:
        """DeepEval's metric keeps its score, its reason and its error on itself."""
        value = result if result is not None else getattr(self._owner, "score", None)
        error = getattr(self._owner, "error", None)
        if error:
            raise NotAScore("MetricError", f"the metric reports an error: {str(error)[:400]}")
        score, feedback, parts = convert_return(self.shape, value)
        reason = getattr(self._owner, "reason", None)
        return score, feedback or (str.__str__(reason) if isinstance(reason, str) else ""), parts

    def _reach(self, access: list[str], module: ModuleType, owners: dict[str, Any]) -> Callable[..., Any]:
        missing = object()
        reached: Any = vars(module).get(access[0], missing)
        if reached is missing:
            raise NameError(f"the source did not bind {access[0]!r} when it ran")
        for i, step in enumerate(access[1:], 2):
            path = "".join(access[:i])
            if step == "()":  # several methods share one instance
                reached = owners[path] if path in owners else owners.setdefault(path, reached())
            elif step.startswith("["):
                reached = reached[int(step[1:-1])]
            else:
                self._owner, reached = reached, getattr(reached, step[1:])
        if not callable(reached):
            raise TypeError(f"{self.name!r} is not a function but a value of type {type(reached).__name__}")
        return reached  # type: ignore[no-any-return]  # what it returns is looked at anyway
