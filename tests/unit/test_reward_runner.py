"""Running rewards in a process of their own: what comes back, what went wrong and where, and what is left behind."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from refine_core.concurrency.cancellation import Cancel
from refine_core.errors import LMTimeoutError, RewardError, RunCancelled, WorkerError
from refine_core.rewards import RewardRunner
from refine_core.rewards.process import WorkerProcess
from tests.sandbox import score_begins
from tests.threads import be_slow, call_within, eventually, finish

DATA = Path(__file__).parents[1] / "data"
CASES = json.loads((DATA / "rewards" / "cases.json").read_text("utf-8"))
ERRORS = json.loads((DATA / "reward-errors" / "expected.json").read_text("utf-8"))
posix = pytest.mark.skipif(os.name != "posix", reason="signals and resource limits are POSIX")


def stub_judge(signature, /, **inputs):
    assert signature == "question, answer -> score: float"
    assert set(inputs) == {"question", "answer"}
    return {"score": 0.9}


def body(*lines):
    """A reward whose body is these lines, the first of them on line 2."""
    return "def reward(args, pred):\n" + "".join(f"    {line}\n" for line in lines)


def test_annotations_that_a_recorded_source_cannot_know_do_not_matter():
    source = "def reward(args, pred: dspy.Prediction) -> Float:\n    return 0.5\n"
    with RewardRunner(source) as runner:
        assert runner.score({}, {}).value == 0.5


def failure(source, args=None, pred=None, **options):
    """The error that one score of this source raises."""
    with pytest.raises(RewardError) as caught, RewardRunner(source, **options) as runner:
        runner.score(args or {}, pred or {"answer": "zz"})
    return caught.value


def folders_of_ours():
    """The workers' folders of this process; others that test at the same time have theirs beside them."""
    return set(Path(tempfile.gettempdir()).glob(f"refinescope-reward-{os.getpid()}-*"))


def gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


# --- the examples


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_real_reward_gives_the_value_and_the_stdout_that_python_gives(name):
    source = (DATA / "rewards" / f"{name}.py").read_text("utf-8")
    with RewardRunner(source, judge=stub_judge) as runner:
        for case in CASES[name]:
            scored = runner.score(case["args"], case["pred"])
            assert (scored.value, scored.stdout) == (case["value"], case["stdout"])


@pytest.mark.parametrize("name", sorted(ERRORS))
def test_a_broken_reward_is_explained_by_line_and_type(name):
    line, kind = ERRORS[name]
    error = failure((DATA / "reward-errors" / f"{name}.py").read_text("utf-8"))
    assert error.line == line
    if line is None:
        assert error.message.startswith(kind)
    else:
        assert error.type_name == kind


# --- what a reward sees


def test_a_prediction_is_read_by_attribute_and_by_key():
    source = body(
        "assert pred.answer == pred['answer'] == pred.get('answer') == 'yes'",
        "assert 'answer' in pred and 'nope' not in pred and list(pred.keys()) == ['answer', 'copy', 'meta']",
        "assert pred.copy == 'a field, not a method' and pred.get('nope', 3) == 3",
        "assert type(pred.meta) is dict and isinstance(args, dict) and type(pred.meta['deep']) is dict",
        "return 1",
    )
    with RewardRunner(source) as runner:
        assert (
            runner.score({}, {"answer": "yes", "copy": "a field, not a method", "meta": {"deep": {}}}).value
            == 1
        )


def test_a_missing_field_says_which_fields_exist():
    error = failure(body("return len(pred.anser)"), pred={"answer": "x", "reasoning": "y"})
    assert (error.type_name, error.line) == ("AttributeError", 2)
    assert (
        error.message
        == "AttributeError: no field 'anser' in the prediction; it has: answer, reasoning; did you mean 'answer'?"
    )


def test_unicode_and_lone_surrogates_come_back_from_stdout():
    with RewardRunner(body("print(pred.answer)", "return 1")) as runner:
        assert runner.score({}, {"answer": "ü 😀 \ud800"}).stdout == "ü 😀 \ud800\n"


@pytest.mark.parametrize(
    "head", ["", "from refine_core import Score\n", "from refine_core.rewards import Score\n"]
)  # fmt: skip
def test_a_score_with_reasons_needs_no_import_and_may_have_one(head):
    with RewardRunner(
        head + body("return Score(0.5, feedback='too short', parts={'length': True})")
    ) as runner:
        scored = runner.score({}, {"answer": ""})
    assert (scored.value, scored.feedback, scored.parts) == (0.5, "too short", {"length": 1.0})


def test_libraries_can_be_used():
    source = "import numpy as np, zoneinfo, mimetypes, asyncio, ssl, tempfile\n" + body(
        "zoneinfo.ZoneInfo('Europe/Berlin'); mimetypes.guess_type('a.txt')",
        "asyncio.run(asyncio.sleep(0))",
        "with tempfile.NamedTemporaryFile('w+') as f: f.write('x')",
        "print(np.linalg.norm([3.0, 4.0]))",
        "return np.float32(0.5)",
    )
    with RewardRunner(source) as runner:
        scored = runner.score({}, {"answer": ""})
    assert (scored.value, scored.stdout) == (0.5, "5.0\n")


def test_annotations_are_what_python_makes_of_them():
    source = "def reward(args: int, pred):\n    return reward.__annotations__['args'] is int\n"
    with RewardRunner(source) as runner:
        assert runner.score({}, {}).value == 1


def test_inputs_too_large_for_a_frame_are_a_clear_error():
    assert failure(body("return 1"), pred={"answer": "x" * (33 << 20)}).type_name == "TooLarge"


def test_state_lasts_from_one_score_to_the_next():
    with RewardRunner("n = 0\n" + body("global n", "n += 1", "return n")) as runner:
        assert [runner.score({}, {}).value for _ in range(3)] == [1, 2, 3]


def test_nothing_of_the_environment_reaches_a_reward(monkeypatch):
    monkeypatch.setenv("CANARY_API_KEY", "sk-very-secret")
    with RewardRunner("import os\n" + body("print(dict(os.environ))", "return 1")) as runner:
        printed = runner.score({}, {}).stdout
    assert "PYTHONHASHSEED" in printed
    assert "secret" not in printed
    assert "CANARY" not in printed


def test_a_hash_is_the_same_in_every_process():
    def told():
        with RewardRunner(body("return hash('refine') % 1000")) as runner:
            return runner.score({}, {}).value

    assert told() == told()


def test_the_working_folder_is_emptied_after_each_score_and_removed():
    lines = [
        "print(os.getcwd(), os.listdir())",
        "os.makedirs('a/b')",
        "open('a/b/f', 'w').close()",
        "return 1",
    ]
    with RewardRunner("import os\nopen('from loading', 'w').close()\n" + body(*lines)) as runner:
        for _ in range(3):
            folder, listing = runner.score({}, {}).stdout.split(maxsplit=1)
            assert listing == "[]\n"
            assert list(Path(folder).iterdir()) == []
    assert not Path(folder).parent.exists()


def test_output_beyond_the_cap_is_counted_and_dropped():
    with RewardRunner(body("print('a' * 100_000, end='')", "return 1")) as runner:
        stdout = runner.score({}, {}).stdout
        assert stdout == "a" * 64_000 + "\n… 36000 more characters were printed and dropped"
        assert len(runner.score({}, {}).stdout) == len(stdout)


# --- what goes wrong


@pytest.mark.parametrize(
    ("lines", "kind", "line"),
    [
        (["if args:", "    return 1.0", "return None"], "WrongType", 4),
        (["if not args:", "    return '0.5'", "return 1"], "WrongType", 3),
        (["print('forgot to return')"], "WrongType", 2),
        (["x = 1", "return float('nan')"], "NotFinite", 3),
        (["return 1e308 * 10"], "NotFinite", 2),
        (["return 10 ** 400"], "NotFinite", 2),
        (["return [1]"], "WrongType", 2),
    ],
)
def test_a_wrong_result_names_the_return_that_gave_it(lines, kind, line):
    error = failure(body(*lines))
    assert (error.type_name, error.line) == (kind, line)
    assert "expected" in error.message or "return a number" in error.message


def test_a_reward_of_the_wrong_shape_is_blamed_on_its_definition():
    error = failure("\n\ndef reward(args):\n    return 1\n")
    assert (error.type_name, error.line) == ("TypeError", 3)


def test_what_was_printed_before_the_error_is_kept():
    error = failure(body("print('so far')", "1 / 0"))
    assert (error.stdout, error.frames) == ("so far\n", (("reward", 3),))


def test_frames_run_from_the_outermost_inwards():
    error = failure("def inner():\n    return {}['k']\n" + body("return inner()"))
    assert error.frames == (("reward", 4), ("inner", 2))
    assert error.message == "KeyError: 'k'"


def test_an_endless_loop_is_stopped_at_its_line():
    error = failure(body("x = 1", "while True:", "    x += 1"), timeout_s=0.3)
    assert error.type_name == "Timeout"
    assert error.line in {3, 4}
    assert "0.3 s" in error.message


@posix
@pytest.mark.parametrize(
    ("lines", "lines_told"),
    [
        (
            [
                "while True:",
                "    try:",
                "        len(args)",
                "        x = 1",
                "    except BaseException: x = 2",
            ],
            {3, 4, 5, 6, 7},
        ),
        (["x = 1", "return float(max(range(10**12)))"], {4}),
    ],
)
def test_code_that_ignores_the_timer_is_killed_and_its_line_still_told(lines, lines_told):
    with RewardRunner(body("if not args: return 1.0", *lines), timeout_s=0.3) as runner:
        runner.score({}, {})  # its process is up, which takes as long as the machine is busy
        with pytest.raises(RewardError) as caught:
            call_within(2.5, lambda: runner.score({"stay": 1}, {}))
    assert caught.value.type_name == "Timeout"
    assert caught.value.line in lines_told


def test_code_that_swallows_the_timeout_and_returns_has_still_timed_out():
    # A loop of one line would not do: CPython 3.11 leaves its jump back out of the try block around it.
    lines = [
        "try:",
        "    while True:",
        "        len(args)",
        "        x = 1",
        "except BaseException: return 1.0",
    ]
    assert failure(body(*lines), timeout_s=0.3).type_name == "Timeout"


@posix
def test_a_memory_bomb_meets_the_limit_at_its_line_and_the_next_score_works():
    source = body("if args:", "    keep = 'x' * 10**10", "return 1.0")
    with RewardRunner(source, memory_bytes=512 << 20) as runner:
        with pytest.raises(RewardError) as caught:
            runner.score({"bomb": True}, {})
        assert (caught.value.type_name, caught.value.line) == ("MemoryLimit", 3)
        assert "512 MiB" in caught.value.message
        assert runner.score({}, {}).value == 1


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        (["import sys", "sys.exit(3)"], "SystemExit"),
        (["raise KeyboardInterrupt"], "KeyboardInterrupt"),
        (["import os", "os._exit(3)"], "WorkerDied"),
        (["import os", "os.abort()"], "WorkerDied"),
        (["import os", "os.closerange(3, 100)", "return 1"], "WorkerDied"),
        (["f = lambda n: f(n + 1)", "return f(0)"], "RecursionError"),
        (["raise ValueError('E' * 300_000_000)"], "ValueError"),
        (["class E(Exception):", "    def __str__(self): 1 / 0", "raise E"], "E"),
    ],
)
def test_whatever_ends_a_score_is_a_clear_error_and_the_next_score_works(lines, kind):
    with RewardRunner(body("if not args: return 1", *lines)) as runner:
        with pytest.raises(RewardError) as caught:
            runner.score({"now": True}, {})
        assert caught.value.type_name == kind
        assert len(caught.value.message) < 4_200
        assert runner.score({}, {}).value == 1


@posix
def test_a_crash_in_c_code_names_its_line():
    error = failure(body("import ctypes", "return ctypes.string_at(0)"))
    assert (error.type_name, error.line) == ("WorkerDied", 3)
    assert "SIGSEGV" in error.message


def test_a_source_that_fails_while_it_loads_says_where_every_time():
    with RewardRunner("print('loading')\nx = 1 / 0\n" + body("return 1")) as runner:
        for _ in range(2):
            with pytest.raises(RewardError) as caught:
                runner.score({}, {})
            error = caught.value
            assert (error.type_name, error.line, error.stdout) == ("ZeroDivisionError", 2, "loading\n")


def test_a_source_that_never_finishes_loading_is_stopped():
    error = failure("while True:\n    pass\n" + body("return 1"), load_timeout_s=0.3)
    assert error.type_name == "Timeout"
    assert error.line in {1, 2}


def test_a_name_that_the_source_does_not_bind_in_the_end_is_an_error():
    assert failure("if False:\n    def reward(a, p): return 1\n").type_name == "NameError"


@posix
def test_writing_into_every_descriptor_cannot_make_up_a_score():
    source = (DATA / "hostile" / "h37_protocol_forge.py").read_text("utf-8")
    error = failure(source)
    assert error.type_name == "WorkerDied"
    assert "channel" in error.message


@posix
def test_a_well_formed_frame_with_a_guessed_token_is_not_believed():
    forged = '{"op":"scored","token":"%s","value":0.777,"parts":{},"feedback":"","stdout":"","threads":0}' % (
        "0" * 32
    )
    source = "import os\n" + body(
        f"f = {forged!r}.encode()",
        "for fd in range(3, 64):",
        "    try: os.write(fd, len(f).to_bytes(4, 'little') + f)",
        "    except OSError: pass",
        "return 0.25",
    )
    error = failure(source)
    assert (error.type_name, "channel" in error.message) == ("WorkerDied", True)


# --- the judge


def test_a_judge_answers_and_its_time_is_not_on_the_clock():
    def slow(signature, /, **inputs):
        be_slow(1.0)
        return {"score": 0.5, "why": f"{signature} {inputs}"}

    lines = [
        "v = judge('a -> score: float', a=[1, float('inf')])",
        "print(v['why'])",
        "return v['score'] + v.score",
    ]
    with RewardRunner(body(*lines), judge=slow, timeout_s=0.3) as runner:
        scored = runner.score({}, {})
    assert (scored.value, scored.stdout) == (1.0, "a -> score: float {'a': [1, inf]}\n")
    assert scored.took_s > 1.0


def test_a_judge_that_fails_fails_the_reward_with_the_cause_attached():
    def broken(_signature, /, **_inputs):
        raise LMTimeoutError("no answer in 30 s")

    error = failure(body("x = 1", "return judge('a -> b', a=1)['b']"), judge=broken)
    assert (error.type_name, error.line) == ("JudgeError", 3)
    assert "LMTimeoutError: no answer in 30 s" in error.message
    assert isinstance(error.__cause__, LMTimeoutError)


def test_a_reward_may_catch_what_the_judge_raised_and_go_on():
    def broken(_signature, /, **_inputs):
        raise LMTimeoutError("no answer")

    with RewardRunner(
        body("try: judge('a -> b', a=1)", "except RuntimeError: return 0.5"), judge=broken
    ) as runner:
        assert runner.score({}, {}).value == 0.5


def test_a_cancel_inside_the_judge_passes_through():
    def cancelled(_signature, /, **_inputs):
        raise RunCancelled("stop")

    with (
        RewardRunner(body("return judge('a -> b', a=1)['b']"), judge=cancelled) as runner,
        pytest.raises(RunCancelled),
    ):
        runner.score({}, {})


def test_an_answer_too_large_to_hand_over_leaves_nothing_half_said():
    def verbose(_signature, /, **_inputs):
        return {"b": "x" * (33 << 20)}

    with RewardRunner(body("return judge('a -> b')['b'] if args else 1"), judge=verbose) as runner:
        with pytest.raises(RewardError) as caught:
            runner.score({"ask": True}, {})
        assert caught.value.type_name == "TooLarge"
        assert runner.score({}, {}).value == 1


def test_without_a_judge_asking_one_is_a_clear_error():
    error = failure(body("return judge('a -> b', a=1)['b']"))
    assert (error.type_name, error.line) == ("JudgeError", 2)
    assert "none is set" in error.message


def test_a_reward_cannot_ask_the_judge_for_ever():
    asked = []

    def judge(_signature, /, **_inputs):
        asked.append(1)
        return {"b": 1}

    assert failure(body("while True: judge('a -> b')"), judge=judge).type_name == "JudgeError"
    assert len(asked) == 32


# --- stopping, dying, starting again


def test_a_cancel_in_the_middle_ends_the_score_at_once_and_a_later_score_works():
    with RewardRunner(body("while args: pass", "return 1"), timeout_s=20) as runner:
        runner.score({}, {})
        pid, cancel = runner.pid, Cancel()
        canceller = threading.Thread(target=lambda: (score_begins(runner), cancel.set()))
        canceller.start()
        with pytest.raises(RunCancelled):
            runner.score({"now": True}, {}, cancel)
        finish(canceller)
        assert gone(pid)
        assert runner.score({}, {}).value == 1


def test_waiting_for_ones_turn_can_be_cancelled():
    with RewardRunner(body("import time; time.sleep(args['s'])", "return 1"), timeout_s=60) as runner:
        enough = Cancel()

        def score_for_long():
            with pytest.raises(RunCancelled):
                runner.score({"s": 60}, {}, enough)

        busy = threading.Thread(target=score_for_long)
        busy.start()
        score_begins(runner)
        cancel = Cancel()
        threading.Timer(0.1, cancel.set).start()
        with pytest.raises(RunCancelled):
            runner.score({"s": 0}, {}, cancel)
        assert busy.is_alive()
        enough.set()
        finish(busy)


@posix
def test_a_worker_killed_while_idle_is_replaced_without_a_word():
    with RewardRunner(body("return 1")) as runner:
        runner.score({}, {})
        pid = runner.pid
        os.kill(pid, signal.SIGKILL)
        assert eventually(lambda: gone(pid))
        assert runner.score({}, {}).value == 1
        assert runner.pid != pid


@posix
def test_a_worker_killed_in_the_middle_is_an_error_and_then_replaced():
    with RewardRunner(body("import time; time.sleep(args.get('s', 0))", "return 1")) as runner:
        runner.score({}, {})
        killer = threading.Thread(target=lambda: (score_begins(runner), os.kill(runner.pid, signal.SIGKILL)))
        killer.start()
        with pytest.raises(RewardError, match="SIGKILL") as caught:
            runner.score({"s": 3}, {})
        finish(killer)
        assert caught.value.type_name == "WorkerDied"
        assert runner.score({}, {}).value == 1


def test_threads_left_behind_do_not_outlive_the_score():
    source = "import threading, time\n" + body(
        "threading.Thread(target=time.sleep, args=(60,)).start()", "return 1"
    )
    with RewardRunner(source) as runner:
        runner.start()
        assert eventually(lambda: runner.pid is not None)
        pid = runner.pid
        assert runner.score({}, {}).value == 1
        assert eventually(lambda: gone(pid))


def test_starting_costs_the_caller_nothing_and_may_be_repeated():
    with RewardRunner("import time\ntime.sleep(1)\n" + body("return 1")) as runner:
        runner.start()
        runner.start()
        (process,) = runner._processes
        assert not process.reply.done()
        assert runner.score({}, {}).value == 1


def test_a_worker_outlives_the_thread_that_started_it():
    with RewardRunner("n = 0\n" + body("global n", "n += 1", "return n")) as runner:
        for expected in (1, 2):
            with ThreadPoolExecutor(1) as pool:
                assert pool.submit(runner.score, {}, {}).result().value == expected


def test_many_threads_share_one_runner():
    with RewardRunner(body("return args['n']")) as runner, ThreadPoolExecutor(8) as pool:
        values = list(pool.map(lambda n: runner.score({"n": n}, {}).value, range(40)))
    assert values == list(range(40))


def test_a_closed_runner_says_so_and_leaves_no_process():
    runner = RewardRunner(body("return 1"))
    runner.score({}, {})
    pid = runner.pid
    runner.close()
    runner.close()
    assert gone(pid)
    with pytest.raises(WorkerError, match="closed"):
        runner.score({}, {})


def test_closing_at_once_after_starting_leaves_nothing():
    before = folders_of_ours()
    for _ in range(5):
        runner = RewardRunner(body("return 1"))
        runner.start()
        runner.close()
    assert eventually(lambda: not any(t.name == "reward-worker" for t in threading.enumerate()))
    assert folders_of_ours() <= before


def test_a_forgotten_runner_takes_its_worker_along():
    runner = RewardRunner(body("return 1"))
    runner.score({}, {})
    pid = runner.pid
    del runner
    assert eventually(lambda: gone(pid))


@posix
@pytest.mark.parametrize("lines", [["return 1"], ["while True: pass"]])
def test_a_worker_idle_or_busy_dies_with_the_process_that_started_it(lines, tmp_path):
    program = (
        "import os, signal, sys, threading, time\nfrom refine_core.rewards import RewardRunner\n"
        f"runner = RewardRunner({body(*lines)!r}, timeout_s=60)\n"
        "threading.Thread(target=runner.score, args=({}, {}), daemon=True).start()\n"
        "time.sleep(0.5)\nprint(runner.pid, flush=True)\nos.kill(os.getpid(), signal.SIGKILL)\n"
    )
    # Nobody is left to remove the worker's folder, so let it lie in ours.
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=DATA.parents[1],
        env=environment,
        check=False,
    )
    assert eventually(lambda: gone(int(done.stdout)))


def test_a_python_that_does_not_start_is_a_worker_error(monkeypatch, tmp_path):
    # Not a fake of ours: the worker is started with sys.executable, which a frozen program may have wrong.
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
    with RewardRunner(body("return 1")) as runner, pytest.raises(WorkerError, match="no-python"):
        runner.score({}, {})


def test_a_frame_to_a_process_that_has_ended_is_answered_at_once():
    process = WorkerProcess({})
    process.kill()
    process.request({"op": "score"})
    assert process.reply.result(1) is None


def test_no_thread_is_left_of_workers_that_ended():
    """However close to one another the answer, the pause and the end come."""
    before = set(threading.enumerate())
    sources = [body("return 1.0"), "import os\n" + body("os._exit(3)")] * 2

    def run(source):
        for _ in range(12):
            with RewardRunner(source) as runner, suppress(RewardError):
                runner.score({}, {})

    with ThreadPoolExecutor(len(sources)) as pool:
        list(pool.map(run, sources))
    for thread in set(threading.enumerate()) - before:
        finish(thread)
