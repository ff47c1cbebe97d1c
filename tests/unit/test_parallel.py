"""Parallel and batch: order, failures, context, and every way to stop."""

from __future__ import annotations

import asyncio
import gc
import io
import logging
import signal
import subprocess
import sys
import threading
from contextlib import redirect_stderr
from contextvars import ContextVar
from pathlib import Path

import pytest

from refine_core import ScriptedLM, settings
from refine_core.concurrency.cancellation import Cancel
from refine_core.errors import BatchError, RecordingFailed, RunCancelled
from refine_core.log.scope import Scope, current_scope, use_scope
from refine_core.modules.parallel import Parallel, batch
from refine_core.modules.prediction import Example
from tests.threads import call_within, eventually

ROOT = Path(__file__).parents[2]
LONG_S = 600
"""Longer than any test may take: what waits so long is stopped, or the test fails."""


@pytest.fixture(params=["sync", "async"])
def call(request):
    """`call(parallel, pairs)`: both ways to call must keep every promise."""
    if request.param == "sync":
        return lambda parallel, pairs: parallel(pairs)
    return lambda parallel, pairs: asyncio.run(parallel.acall(pairs))


def quiet(**options):
    return Parallel(disable_progress_bar=True, **options)


def double(x):
    return 2 * x


def fail_on(*bad):
    def program(x):
        if x in bad:
            raise KeyError(x)
        return x

    return program


def pairs_of(program, count):
    return [(program, {"x": x}) for x in range(count)]


class Both:
    """A program with a sync and an async way to call it."""

    def __call__(self, x):
        return ("sync", x)

    async def acall(self, x):
        return ("async", x)


# results


def test_results_come_in_the_order_of_the_examples_and_not_of_their_ends(call):
    last_ended = threading.Event()

    def slow_first(x):
        if x == 0:
            assert last_ended.wait(10)
        elif x == 19:
            last_ended.set()
        return x

    assert call(quiet(num_threads=4), pairs_of(slow_first, 20)) == list(range(20))


def test_as_many_calls_run_at_once_as_there_are_threads(call):
    together = threading.Barrier(4)
    assert call(quiet(num_threads=4), pairs_of(lambda x: together.wait(5) >= 0, 8)) == [True] * 8


def test_never_more_calls_run_at_once_than_there_are_threads(call):
    lock, together, running, most = threading.Lock(), threading.Barrier(3), 0, 0

    def program(x):
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        together.wait(10)
        with lock:
            running -= 1

    call(quiet(num_threads=3), pairs_of(program, 30))
    assert most == 3


def test_an_example_and_a_dict_are_called_by_keyword_a_tuple_by_position(call):
    example = Example(x=1, answer="2").with_inputs("x")
    assert call(quiet(), [(double, example), (double, {"x": 2}), (double, (3,))]) == [2, 4, 6]


def test_without_access_to_examples_a_program_is_given_the_example_itself(call):
    example = Example(x=1)
    assert call(quiet(access_examples=False), [(lambda it: it, example)])[0] is example


def test_any_field_name_reaches_the_program(call):
    """Names of our own parameters are no exception."""
    inputs = {"function": 1, "pair": 2, "module": 3, "args": 4, "index": 5}
    assert call(quiet(), [(lambda **given: given, inputs)]) == [inputs]


def test_a_nested_parallel_takes_a_list_of_pairs(call):
    inner = quiet(num_threads=2)
    found = call(quiet(num_threads=2), [(inner, pairs_of(double, 3)), (inner, pairs_of(double, 2))])
    assert found == [[0, 2, 4], [0, 2]]


def test_nothing_to_do_is_done_at_once(call):
    assert call(Parallel(), []) == []
    assert call(Parallel(return_failed_examples=True), []) == ([], [], [])


def test_async_callers_use_a_programs_own_acall():
    assert quiet()([(Both(), {"x": 1})]) == [("sync", 1)]
    assert asyncio.run(quiet().acall([(Both(), {"x": 1})])) == [("async", 1)]


def test_an_async_function_is_a_program_too(call):
    async def program(x):
        await asyncio.sleep(0)
        return x

    assert call(quiet(), pairs_of(program, 3)) == [0, 1, 2]


def test_threads_are_started_only_as_far_as_there_is_work():
    before, seen = threading.active_count(), []
    quiet(num_threads=500)([(lambda: seen.append(threading.active_count()), ())] * 3)
    assert max(seen) <= before + 3


def test_no_thread_is_left_behind():
    before, together = threading.active_count(), threading.Barrier(20)
    quiet(num_threads=20)(pairs_of(lambda x: together.wait(10), 40))
    assert threading.active_count() == before


# failures


def test_failures_are_returned_with_their_examples_and_in_their_order(call):
    """The original returned empty lists."""
    pairs = pairs_of(fail_on(1, 3), 5)
    results, failed, errors = call(quiet(return_failed_examples=True, num_threads=3), pairs)
    assert results == [0, None, 2, None, 4]
    assert failed == [{"x": 1}, {"x": 3}]
    assert [(type(one), one.args) for one in errors] == [(KeyError, (1,)), (KeyError, (3,))]


def test_unless_asked_for_a_failure_is_logged_and_its_result_is_none(call, caplog):
    assert call(quiet(), pairs_of(fail_on(1), 3)) == [0, None, 2]
    [said] = caplog.records
    assert said.levelno == logging.ERROR
    assert "example 1 of 3" in said.getMessage()
    assert "KeyError: 1" in said.getMessage()
    assert said.exc_info is None


@pytest.mark.parametrize("where", ["argument", "setting"])
def test_the_traceback_is_logged_on_demand(call, caplog, where):
    with settings.context(provide_traceback=where == "setting"):
        call(quiet(provide_traceback=True if where == "argument" else None), pairs_of(fail_on(1), 3))
    assert "in program" in caplog.text


def test_at_max_errors_the_rest_is_not_begun_and_the_error_counts_failures(call):
    begun = []

    def program(x):
        begun.append(x)
        if x > 0:
            raise KeyError(x)
        return "kept"

    with pytest.raises(
        BatchError, match=r"3 of 100 examples failed.*96 were not begun.*KeyError: 3"
    ) as caught:
        call(quiet(num_threads=1, max_errors=3), pairs_of(program, 100))
    assert begun == [0, 1, 2, 3]
    assert caught.value.failures == 3
    assert caught.value.results == ("kept", *[None] * 99)
    assert isinstance(caught.value.__cause__, KeyError)


def test_fewer_failures_than_max_errors_stop_nothing(call):
    assert call(quiet(max_errors=3), pairs_of(fail_on(1, 2), 4)) == [0, None, None, 3]


def test_max_errors_and_num_threads_come_from_settings_when_they_are_called(call):
    parallel = quiet()
    with settings.context(max_errors=1), pytest.raises(BatchError):
        call(parallel, pairs_of(fail_on(1), 3))
    together = threading.Barrier(12)
    with settings.context(num_threads=12):
        assert call(parallel, [(together.wait, (5,))] * 12)


def test_nothing_is_kept_on_the_object_between_calls(call):
    """Failures of one call do not count in the next; the original's flags stayed set."""
    parallel = quiet(max_errors=2, return_failed_examples=True)
    before = dict(vars(parallel))
    for _ in range(3):
        assert len(call(parallel, pairs_of(fail_on(1), 3))[1]) == 1
    with pytest.raises(BatchError):
        call(parallel, pairs_of(fail_on(1, 2), 3))
    assert call(parallel, pairs_of(double, 3))[0] == [0, 2, 4]
    assert vars(parallel) == before


def test_a_failing_log_handler_ends_the_call_and_does_not_hang_it(call):
    class Broken(logging.Handler):
        def handle(self, record):
            raise OSError("disk full")

    handler = Broken()
    logging.getLogger("refine_core").addHandler(handler)
    try:
        with pytest.raises(OSError, match="disk full"):
            call(quiet(num_threads=2), pairs_of(fail_on(1), 50))
    finally:
        logging.getLogger("refine_core").removeHandler(handler)


# context

place = ContextVar("place", default="nowhere")


def test_each_call_sees_the_callers_context_and_keeps_its_changes_to_itself(call):
    def program(x):
        seen = place.get(), settings.lm
        place.set(f"changed by {x}")
        return seen

    place.set("caller")
    lm = ScriptedLM([])
    with settings.context(lm=lm):
        assert call(quiet(num_threads=2), pairs_of(program, 6)) == [("caller", lm)] * 6
    assert place.get() == "caller"


def test_the_usage_of_all_calls_reaches_the_callers_tracker(call):
    def program(x):
        settings.usage_tracker.append(x)

    tracker = []
    with settings.context(usage_tracker=tracker):
        call(quiet(num_threads=3), pairs_of(program, 30))
    assert sorted(tracker) == list(range(30))


def test_facts_emitted_in_a_call_reach_the_callers_recording(call):
    class Kept(list):
        def accept(self, span, event):
            self.append(event)

    kept = Kept()
    with use_scope(Scope((kept,))):
        call(quiet(num_threads=3), pairs_of(lambda x: current_scope().emit(x), 30))
    assert sorted(kept) == list(range(30))


# stopping


@pytest.mark.parametrize("halt", [RunCancelled("enough"), RecordingFailed("no disk"), SystemExit(3)])
def test_a_halt_in_one_call_stops_the_rest_and_is_raised(call, halt):
    begun = []

    def program(x):
        begun.append(x)
        if x == 1:
            raise halt
        current_scope().cancel.sleep(LONG_S)

    with pytest.raises(type(halt)) as caught:
        call_within(30, lambda: call(quiet(num_threads=2), pairs_of(program, 50)))
    assert caught.value is halt
    assert sorted(begun) == [0, 1]


def test_at_max_errors_running_calls_are_asked_to_stop(call):
    asked = threading.Event()

    def program(x):
        if x == 1:
            raise KeyError(x)
        try:
            current_scope().cancel.sleep(LONG_S)
        except RunCancelled:
            asked.set()
            raise

    with pytest.raises(BatchError):
        call(quiet(num_threads=2, max_errors=1), pairs_of(program, 2))
    assert asked.wait(5)


def test_at_max_errors_running_tasks_have_ended_before_the_error_is_raised():
    ended = []

    async def program(x):
        if x == 1:
            raise KeyError(x)
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(x)

    async def main():
        with pytest.raises(BatchError):
            await quiet(num_threads=2, max_errors=1).acall(pairs_of(program, 2))
        return list(ended)

    assert asyncio.run(main()) == [0]


def test_the_callers_own_cancel_stops_the_calls(call):
    cancel, begun = Cancel(), []

    def program(x):
        begun.append(x)
        if len(begun) == 2:
            cancel.set()
        current_scope().cancel.sleep(LONG_S)

    with use_scope(Scope(cancel=cancel)), pytest.raises(RunCancelled):
        call(quiet(num_threads=2), pairs_of(program, 50))
    assert sorted(begun) == [0, 1]


def test_a_cancel_set_before_begins_nothing(call):
    cancel, begun = Cancel(), []
    cancel.set()
    with use_scope(Scope(cancel=cancel)), pytest.raises(RunCancelled):
        call(quiet(), pairs_of(begun.append, 5))
    assert begun == []


def test_stopping_one_parallel_does_not_cancel_its_caller(call):
    with use_scope(Scope()) as scope:
        with pytest.raises(BatchError):
            call(quiet(max_errors=1), pairs_of(fail_on(0), 3))
        assert not scope.cancel.is_set


def test_a_halt_stops_a_nested_parallel_too(call):
    begun, waiting = [], threading.Event()

    def waits(x):
        begun.append(x)
        waiting.set()
        current_scope().cancel.sleep(LONG_S)

    def halts():
        assert waiting.wait(10)
        raise RunCancelled("enough")

    pairs = [(quiet(num_threads=1), pairs_of(waits, 50)), (halts, ())]
    with pytest.raises(RunCancelled):
        call_within(30, lambda: call(quiet(num_threads=2), pairs))
    assert begun == [0]


def test_a_cancelled_task_stops_its_calls():
    begun, ended = [], []
    both = asyncio.Event()

    async def program(x):
        begun.append(x)
        if len(begun) == 2:
            both.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(x)

    async def main():
        task = asyncio.create_task(quiet(num_threads=2).acall(pairs_of(program, 50)))
        await both.wait()
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(main())
    assert (begun, ended) == ([0, 1], [0, 1])


def test_no_signal_handler_is_installed():
    """The original installs one for the time of the call."""
    assert quiet()([(signal.getsignal, (signal.SIGINT,))]) == [signal.getsignal(signal.SIGINT)]


# A process of its own: two calls at once, one that hears of its Cancel and one that hangs.
CHILD = """
import asyncio, signal, sys, time
from refine_core.errors import RunCancelled
from refine_core.log.scope import current_scope
from refine_core.modules.parallel import Parallel

signal.signal(signal.SIGINT, signal.default_int_handler)

def say(text):
    sys.stdout.write(text + "\\n")
    sys.stdout.flush()

def program(x):
    say(f"begun {x}")
    if x == 0:
        time.sleep(60)
    try:
        current_scope().cancel.sleep(60)
    except RunCancelled:
        say(f"asked {x}")
        raise

async def twin(x):
    say(f"begun {x}")
    try:
        await asyncio.sleep(60)
    finally:
        say(f"asked {x}")
"""


def interrupted(last_line):
    """Start the child, send it one Ctrl-C once two calls have begun; (what it said, its stderr)."""
    command = [sys.executable, "-c", CHILD + last_line]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=ROOT, **pipes) as child:
        try:
            said = [child.stdout.readline(), child.stdout.readline()]
            child.send_signal(signal.SIGINT)
            rest, errors = child.communicate(timeout=20)
        finally:
            child.kill()
        return sorted("".join([*said, rest]).split("\n")), errors


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for a single process")
@pytest.mark.parametrize(
    ("last_line", "said"),
    [
        ("Parallel(2)([(program, (x,)) for x in range(10)])", ["asked 1", "begun 0", "begun 1"]),
        (
            "asyncio.run(Parallel(2).acall([(twin, (x,)) for x in range(10)]))",
            ["asked 0", "asked 1", "begun 0", "begun 1"],
        ),
    ],
    ids=["sync", "async"],
)
def test_ctrl_c_ends_the_process_though_a_call_hangs(last_line, said):
    """What waits is never begun, what runs is asked to stop, and a hanging thread keeps nobody."""
    lines, errors = interrupted(last_line)
    assert lines == ["", *said]
    assert errors.rstrip().endswith("KeyboardInterrupt")


def test_a_hanging_call_does_not_keep_the_process_after_a_failure():
    last_line = "Parallel(2, max_errors=1)([(program, (0,)), (int, ('x',))])"
    ended = subprocess.run(
        [sys.executable, "-c", CHILD + last_line],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert "BatchError: 1 of 2 examples failed" in ended.stderr


# progress


def test_progress_is_one_line_on_stderr(call, capsys):
    call(Parallel(num_threads=4), pairs_of(double, 300))
    out, err = capsys.readouterr()
    assert out == ""
    assert "Processed 300 / 300 examples: 100%" in err
    assert err.count("\n") == 1
    assert err.count("\r") <= 3  # in a file each drawing stays: there are few


def test_the_bar_can_be_switched_off(call, capsys):
    call(Parallel(disable_progress_bar=True), pairs_of(double, 3))
    assert capsys.readouterr() == ("", "")


def test_a_nested_parallel_draws_no_bar_of_its_own(call, capsys):
    call(Parallel(), [(Parallel(), pairs_of(double, 3))] * 4)
    assert "/ 4 examples" in (err := capsys.readouterr().err)
    assert "/ 3 examples" not in err


def test_a_process_without_stderr_draws_no_bar(call):
    with redirect_stderr(None):
        assert call(Parallel(), pairs_of(double, 2)) == [0, 2]


def test_on_a_terminal_a_logged_failure_gets_a_line_of_its_own(call):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    screen = Terminal()
    handler = logging.StreamHandler(screen)
    logging.getLogger("refine_core").addHandler(handler)

    def program(x):
        if x:
            eventually(lambda: "Processed" in screen.getvalue())
        raise KeyError(x)

    try:
        with redirect_stderr(screen):
            call(Parallel(), pairs_of(program, 2))
    finally:
        logging.getLogger("refine_core").removeHandler(handler)
    [line] = [line for line in screen.getvalue().split("\n") if "example 1 of 2" in line]
    assert line.split("\r")[-1].startswith("example 1 of 2")


# bad input: said before anything runs


@pytest.mark.parametrize(
    ("pair", "error", "said"),
    [
        ("no pair", TypeError, r"exec_pairs\[1\] must be a pair \(module, example\), not str 'no pair'"),
        ((double,), TypeError, r"exec_pairs\[1\] must be a pair"),
        (("double", {}), TypeError, r"exec_pairs\[1\]: the first of a pair is a module .* not str"),
        ((double, 3), TypeError, r"exec_pairs\[1\]: the second of a pair is an Example, .* not int"),
        ((double, [1]), TypeError, r"exec_pairs\[1\]: .* not list; a list of pairs is for a nested Parallel"),
        ((double, {1: 2}), TypeError, r"exec_pairs\[1\]: inputs are named by strings, not by 1 \(int\)"),
        ((double, Example(x=1)), ValueError, r"exec_pairs\[1\] does not know .*call .with_inputs\(…\) .*'x'"),
    ],
)
def test_a_pair_of_the_wrong_kind_is_named_before_anything_runs(call, pair, error, said):
    begun = []
    with pytest.raises(error, match=said):
        call(quiet(), [(begun.append, (1,)), pair])
    assert begun == []


@pytest.mark.parametrize("wrong", [0, -1, 1.5, "4"])
def test_num_threads_must_be_a_whole_number_of_at_least_one(call, wrong):
    with pytest.raises(ValueError, match="num_threads must be a whole number, 1 or more, not"):
        Parallel(num_threads=wrong)
    with pytest.raises(ValueError, match="num_threads must be"):
        quiet()(pairs_of(double, 2), num_threads=wrong)
    with (
        settings.context(num_threads=wrong),
        pytest.raises(ValueError, match=r"settings\.num_threads must be"),
    ):
        call(quiet(), pairs_of(double, 2))


def test_max_errors_must_not_be_negative():
    with pytest.raises(ValueError, match="max_errors must be a whole number, 0 or more, not -1"):
        Parallel(max_errors=-1)


# batch


def test_a_batch_takes_examples_that_know_their_inputs_and_dicts():
    examples = [Example(x=1, label="?").with_inputs("x"), {"x": 2}]
    assert batch(double, examples, disable_progress_bar=True) == [2, 4]


def test_a_batch_returns_the_very_examples_that_failed():
    examples = [Example(x=x, label="?").with_inputs("x") for x in range(4)]
    results, failed, errors = batch(
        fail_on(1, 2), examples, return_failed_examples=True, disable_progress_bar=True
    )
    assert results == [0, None, None, 3]
    assert [one is other for one, other in zip(failed, examples[1:3], strict=True)] == [True, True]
    assert [type(one) for one in errors] == [KeyError, KeyError]


def test_a_batch_gives_up_at_max_errors():
    with pytest.raises(BatchError):
        batch(fail_on(1, 2), [{"x": 1}, {"x": 2}], max_errors=2, disable_progress_bar=True)


@pytest.mark.parametrize(
    ("example", "error", "said"),
    [
        (Example(question="?"), ValueError, r"examples\[1\] does not know .*with_inputs.*'question'"),
        ("?", TypeError, r"examples\[1\] must be an Example or a dict of inputs, not str"),
    ],
)
def test_a_batch_names_the_example_that_it_cannot_call_before_any_call(example, error, said):
    begun = []
    with pytest.raises(error, match=said):
        batch(begun.append, [{"x": 1}, example], disable_progress_bar=True)
    assert begun == []


def test_a_batch_leaves_the_garbage_collector_alone():
    before, seen = gc.get_threshold(), set()
    quiet(num_threads=64)([(lambda: seen.add(gc.get_threshold()), {}) for _ in range(64)])
    assert seen == {before}
