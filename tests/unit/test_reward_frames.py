"""What a worker sends is believed only as far as it can be an answer: a forged frame is a clear error, and soon."""

import gc
import json
import os
import sys
import threading
import time

import pytest

from refine_core.errors import RewardError
from refine_core.rewards import RewardRunner, wire
from refine_core.rewards.limits import REPLY_BRACKETS, REPLY_BYTES
from refine_core.rewards.value_codec import decode
from refine_core.rewards.worker_replies import read_load_reply, read_score_reply
from tests.sandbox import score_begins
from tests.threads import be_slow, finish

# A reward that has found the worker's channel and the token, and sends the body that `args` asks for.
FORGER = """
import gc, os, sys, time
def reward(args, pred):
    worker = next(o for o in gc.get_objects() if type(o).__name__ == "Worker")
    body = args["body"].replace("TOKEN", worker._token).encode("utf-8", "surrogatepass") * args.get("times", 1)
    data = args.get("header", len(body)).to_bytes(4, "little") + body
    while data:
        data = data[os.write(worker._channel._out, data[:args.get("step", 1 << 20)]):]
        time.sleep(args.get("pause", 0))
    time.sleep(30)
"""
SCORED = '{"op":"scored","token":"TOKEN","value":0.5,"parts":{},"feedback":"","stdout":"","threads":0}'
ERROR = '{"op":"error","token":"TOKEN","type":"T","message":"m","line":1,"column":1,"frames":[],"stdout":"","threads":0}'
CALL = '{"op":"call","token":"TOKEN","signature":"a -> b","inputs":{}}'
BIG = 3 << 19  # less than a frame may have, more than any text in it

posix = pytest.mark.skipif(os.name != "posix", reason="the forger writes to a descriptor")


def altered(frame, **changes):
    """The frame with other values, written as they stand."""
    message = json.loads(frame)
    return "{" + ",".join(f'"{k}":{changes.get(k, json.dumps(v))}' for k, v in message.items()) + "}"


FORGED = {
    "infinite": altered(SCORED, value="1e400"),
    "minus infinite": altered(SCORED, value="-1e400"),
    "nan": altered(SCORED, value="NaN"),
    "a bool": altered(SCORED, value="true"),
    "an int": altered(SCORED, value="1"),
    "a text": altered(SCORED, value='"1"'),
    "a marked float": altered(SCORED, value='{"~float":"nan"}'),
    "a million digits": altered(SCORED, value="1" * 1_000_000),
    "4300 digits": altered(SCORED, value="1" * 4_300),
    "a million digits of a float": altered(SCORED, value="1" * 1_000_000 + "e9"),
    "parts in a list": altered(SCORED, parts="[]"),
    "an infinite part": altered(SCORED, parts='{"a":1e999}'),
    "a deep part": altered(SCORED, parts='{"a":' + "[" * 900 + "]" * 900 + "}"),
    "many parts": altered(SCORED, parts="{" + ",".join(f'"{n}":1.5' for n in range(100_000)) + "}"),
    "a long part": altered(SCORED, parts='{"' + "a" * BIG + '":1.5}'),
    "long feedback": altered(SCORED, feedback='"' + "a" * BIG + '"'),
    "feedback of another type": altered(SCORED, feedback="[]"),
    "long stdout": altered(SCORED, stdout='"' + "a" * BIG + '"'),
    "no stdout": '{"op":"scored","token":"TOKEN","value":0.5,"parts":{},"feedback":"","threads":0}',
    "threads as a text": altered(SCORED, threads='"0"'),
    "threads as a bool": altered(SCORED, threads="true"),
    "many threads": altered(SCORED, threads="9" * 4_000),
    "frames of one": altered(ERROR, frames='[["a"]]'),
    "frames of three": altered(ERROR, frames='[["a",1,2]]'),
    "frames of texts": altered(ERROR, frames='[["a","b"]]'),
    "frames of null": altered(ERROR, frames="[[null,null]]"),
    "frames of floats": altered(ERROR, frames='[["a",1e400]]'),
    "frames in an object": altered(ERROR, frames='{"a":1}'),
    "a flat list of frames": altered(ERROR, frames='["ab"]'),
    "many frames": altered(ERROR, frames="[" + '["a",1],' * 50_000 + '["a",1]]'),
    "a long function": altered(ERROR, frames='[["' + "f" * BIG + '",1]]'),
    "a line beyond any": altered(ERROR, line="9" * 4_000),
    "a negative line": altered(ERROR, line="-1"),
    "a line as a bool": altered(ERROR, line="true"),
    "a line as a float": altered(ERROR, line="1e400"),
    "a column as a list": altered(ERROR, column="[]"),
    "a long type": altered(ERROR, type='"' + "T" * BIG + '"'),
    "a long message": altered(ERROR, message='"' + "T" * BIG + '"'),
    "a message in a list": altered(ERROR, message="[]"),
    "a call without a judge": CALL,
    "a call of a list": altered(CALL, inputs="[]"),
    "another operation": altered(CALL, op='"answer"'),
    "an operation in a list": altered(CALL, op="[]"),
    "loaded once more": '{"op":"loaded","token":"TOKEN","confinement":[],"stdout":""}',
    "ready once more": '{"op":"ready"}',
    "another token": altered(SCORED, token='"x"'),
    "a token in a list": altered(SCORED, token='["TOKEN"]'),
    "null": "null",
    "a list": "[]",
    "a number": "1",
    "nothing": "",
    "no JSON": "{]",
    "two objects": "{}{}",
    "bytes that are no text": '{"op":"\udcff"}',
    "text beyond ASCII": altered(SCORED, feedback='"ü"'),
    "a deep list": "[" * 500_000,
    "deep objects": '{"a":' * 100_000,
    "many lists": altered(SCORED, parts='{"a":[' + "[]," * 600_000 + "[]]}"),
}  # fmt: skip


def forge(runner, **args):
    """What a score ends in whose worker sends this, and after how many seconds."""
    began = time.monotonic()
    with pytest.raises(RewardError) as caught:
        runner.score(args, {})
    return caught.value, time.monotonic() - began


@pytest.fixture(scope="module")
def forger():
    """Only its process is replaced at each forgery."""
    with RewardRunner(FORGER, timeout_s=10) as runner:
        yield runner


@pytest.mark.fault(55)
@posix
@pytest.mark.parametrize("name", FORGED)
def test_a_forged_frame_is_a_clear_error_at_once(forger, name):
    error, took_s = forge(forger, body=FORGED[name])
    assert (error.type_name, "channel" in error.message) == ("WorkerDied", True)
    assert took_s < 3


@pytest.mark.fault(55)
@posix
@pytest.mark.parametrize("frame", [SCORED, altered(SCORED, value='0.5,"value":0.5')])
def test_a_forged_frame_that_could_be_an_answer_is_that_answer(frame):
    """What it wins is a number that the reward could have returned anyway."""
    with RewardRunner(FORGER) as runner:
        assert runner.score({"body": frame}, {}).value == 0.5


@pytest.mark.fault(55)
@posix
@pytest.mark.parametrize("header", [REPLY_BYTES + 1, 32 << 20, (1 << 32) - 1])
def test_a_frame_too_long_is_refused_by_its_header_alone(forger, header):
    """Nothing of it is waited for."""
    error, took_s = forge(forger, body="", header=header)
    assert "channel" in error.message
    assert took_s < 3


@pytest.mark.fault(55)
@posix
@pytest.mark.parametrize(
    "args",
    [
        {"body": SCORED, "header": 1_000},
        {"body": "x" * 1_000, "step": 1, "pause": 0.02},
        {"body": "", "header": REPLY_BYTES},
    ],
)
def test_a_frame_that_never_ends_ends_at_the_deadline(args):
    with RewardRunner(FORGER, timeout_s=0.4) as runner:
        error, took_s = forge(runner, **args)
    assert error.type_name == "Timeout"
    assert took_s < 3


@pytest.mark.fault(55)
@posix
def test_frames_without_end_are_refused_at_the_second(forger):
    frame = SCORED.replace("TOKEN", "0" * 32)
    body = (len(frame).to_bytes(4, "little") + frame.encode()).decode("latin-1")
    assert forge(forger, body=body, times=20_000, header=len(frame))[0].type_name == "WorkerDied"


@pytest.mark.fault(55)
@posix
def test_a_forged_call_of_the_judge_is_bounded_before_the_judge_sees_it():
    asked = []

    def judge(_signature, /, **inputs):
        asked.append(inputs)
        return {"b": 1}

    deep = '{"a":' + "[" * 300 + "]" * 300 + "}"
    wide = '{"a":[' + "1," * 50_000 + "1]}"
    many = "{" + ",".join(f'"a{n}":1' for n in range(50_000)) + "}"
    with RewardRunner(FORGER, judge=judge) as runner:
        for inputs in (deep, wide, many):
            assert forge(runner, body=altered(CALL, inputs=inputs))[0].type_name == "WorkerDied"
    assert asked == []


@pytest.mark.fault(55)
@pytest.mark.parametrize(
    "value",
    [
        {"~Fraction": ["1e300000000"]},
        {"~Fraction": ["1e300000000", 1]},
        {"~Fraction": [{"~Decimal": "1e4000"}, 1]},
        {"~Fraction": [1.5, 1]},
        {"~Fraction": [1]},
        {"~Decimal": "1e300000000"},
        {"~Decimal": [0, [1], 300_000_000]},
        {"~int": ["1"]},
        {"~float": ["1"]},
        {"~timedelta": [1e300]},
        {"~timedelta": ["1"]},
        {"~ZoneInfo": "../../../etc/passwd"},
        {"~ZoneInfo": "x" * 1_000_000},
        {"~ZoneInfo": ["UTC"]},
        {"~ZoneInfo": "a\0"},
        {"~date": [1e400]},
        {"~datetime": []},
        {"~datetime": [{"~bytes": "07e6"}, 0, None]},
        {"~timezone": [{"~timedelta": [9, 0, 0]}]},
        {"~complex": [[], {}]},
        {"~UUID": {"a": 1}},
        {"~set": [[1]]},
        {"~dict": [[[1], 1]]},
        {"~dict": "abc"},
        {"~bytes": "x"},
        {"~nothing": 1},
        {"~": 1},
    ],
)
def test_a_forged_value_is_refused_at_once(value):
    """Whatever its tag says, nothing is made that takes longer than it took to send."""
    began = time.thread_time()
    with pytest.raises(ValueError):
        decode(value)
    assert time.thread_time() - began < 0.1


@pytest.mark.fault(55)
@posix
def test_what_a_worker_gave_up_is_what_it_said_before_it_ran_the_reward():
    source = (
        "import gc, os\nworker = next(o for o in gc.get_objects() if type(o).__name__ == 'Worker')\n"
        "worker._channel.send({'op': 'loaded', 'confinement': ['landlock-99'], 'stdout': ''})\n"
        "worker._channel.send = lambda reply: None\n"
        "def reward(args, pred):\n    del worker._channel.send\n    return 1.0\n"
    )
    with RewardRunner(source) as runner, RewardRunner("def reward(args, pred):\n    return 1.0\n") as honest:
        assert (runner.score({}, {}).value, honest.score({}, {}).value) == (1.0, 1.0)
        assert runner.confinement == honest.confinement


WORST = {
    "ints": "1," * (REPLY_BYTES // 2 - 20),
    "floats": "1.5," * (REPLY_BYTES // 4 - 20),
    "long ints": ("7" * 4_000 + ",") * (REPLY_BYTES // 4_001 - 1),
    "texts": '"ab",' * (REPLY_BYTES // 5 - 20),
    "lists": "[]," * (REPLY_BRACKETS - 20),
    "deep lists": ("[" * 400 + "]" * 400 + ",") * (REPLY_BRACKETS // 400 - 1),
    "objects": '{"a":1},' * (REPLY_BRACKETS - 20),
    "escapes": '"' + "\\ud83d\\ude00" * (REPLY_BYTES // 12 - 20) + '",',
}


@pytest.fixture
def frozen():
    """What other tests left in memory is spared by the garbage collector, which runs while JSON is read."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def own_time_s(read):
    """The least that this thread takes, whatever others do meanwhile."""
    times = []
    for _ in range(3):
        began = time.thread_time()
        read()
        times.append(time.thread_time() - began)
    return min(times)


@pytest.mark.fault(55)
@pytest.mark.usefixtures("frozen")
@pytest.mark.parametrize("kind", WORST)
def test_reading_the_worst_frame_takes_about_as_long_as_one_of_plain_numbers(kind):
    """Some hundredths of a second: what other threads wait for meanwhile."""
    numbers = ('{"op":[' + WORST["ints"] + "1]}").encode()
    body = ('{"op":[' + WORST[kind] + "1]}").encode()
    assert len(body) <= REPLY_BYTES

    def read():
        frame = wire.unpack_reply(body)
        for read_reply in (read_load_reply, lambda f: read_score_reply(f, "t")):
            with pytest.raises(ValueError):
                read_reply(frame)

    assert own_time_s(read) < 3 * own_time_s(lambda: json.loads(numbers))


@pytest.mark.fault(55)
def test_digits_without_end_are_refused_where_python_is_told_to_take_them():
    """The limit of the whole process may have been switched off by somebody else."""
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        began = time.thread_time()
        with pytest.raises(ValueError, match="digits"):
            wire.unpack_reply(b'{"a":' + b"1" * 1_500_000 + b"}")
        assert time.thread_time() - began < 0.1
    finally:
        sys.set_int_max_str_digits(limit)


# --- what an honest reward may say in full


@pytest.mark.fault(55)
def test_all_that_a_reward_may_say_arrives():
    """The limits of each text fit into one frame together."""
    source = (
        "def reward(args, pred):\n    print('\\U0001f600' * 70_000)\n"
        "    return Score(1.0, '[' * 64_000, {f'{n}-{\"p\" * 190}': n for n in range(1_000)})\n"
    )
    with RewardRunner(source) as runner:
        scored = runner.score({}, {})
    assert (len(scored.feedback), len(scored.parts), scored.stdout[:64_000]) == (
        64_000,
        1_000,
        "\U0001f600" * 64_000,
    )


@pytest.mark.fault(55)
@pytest.mark.parametrize(
    ("result", "told"),
    [
        ("Score(1.0, parts={str(n): 1 for n in range(200_000)})", "200000 parts; at most 1000"),
        ("Score(1.0, parts={'a' * 5_000_000: 1})", "5000000 characters; at most 200"),
        ("Score(1.0, '\\U0001f600' * 64_000, {f'{n:03}' + '\\U0001f600' * 190: 1 for n in range(1_000)})", "too many to send back"),
    ],
)  # fmt: skip
def test_a_result_that_is_too_large_says_what_of_it(result, told):
    with RewardRunner(f"def reward(args, pred):\n    return {result}\n") as runner:
        with pytest.raises(RewardError, match=told) as caught:
            runner.score({}, {})
        assert caught.value.type_name == "TooLarge"


@pytest.mark.fault(55)
@pytest.mark.parametrize(
    "lines",
    [
        "raise type('E' * 5_000_000, (Exception,), {})('m' * 5_000_000)",
        "raise SyntaxError('m', ('reward.py', 10**4000, -10**4000, 't'))",
        "raise SyntaxError('m', ('reward.py', 'line', [], 't'))",
        "exec(compile('1 / 0', 'reward.py', 'exec').replace(co_name='f' * 5_000_000, co_firstlineno=2**31 - 2))",
        "f = lambda n: f(n + 1)\n    f(0)",
        "return {1: 'x' * 5_000_000}",
        "return Score(1.0, parts={'p' * 5_000_000: None})",
    ],
)
def test_an_error_of_any_size_arrives_shortened(lines):
    with RewardRunner(f"# Score\ndef reward(args, pred):\n    {lines}\n") as runner:
        with pytest.raises(RewardError) as caught:
            runner.score({}, {})
        error = caught.value
    assert error.type_name != "WorkerDied"
    assert len(error.message) < 4_200
    assert len(error.type_name) <= 200
    assert len(error.frames) <= 20
    assert all(len(name) <= 200 for name, _ in error.frames)


@pytest.mark.fault(55)
@pytest.mark.parametrize(
    "body",
    [
        "__class__ = property(lambda self: 1 / 0)",
        "__traceback__ = __cause__ = __context__ = errno = property(lambda self: 1 / 0)",
        "def __str__(self): raise SystemExit",
        "def __str__(self): raise KeyboardInterrupt",
        "def __str__(self): return 7",
        "def __getattribute__(self, name): raise self",
    ],
)
@pytest.mark.parametrize("base", ["OSError", "BaseException", "ModuleNotFoundError", "SyntaxError"])
def test_an_error_whose_class_answers_with_errors_is_told_with_its_line(base, body):
    """The worker lives on: no property of the error's is needed."""
    source = (
        "class M(type):\n    __name__ = __mro__ = property(lambda self: 1 / 0)\n"
        f"class E({base}, metaclass=M):\n    {body}\n"
        "def reward(args, pred):\n    if args: return 1.0\n    raise E('x')\n"
    )
    with RewardRunner(source) as runner:
        with pytest.raises(RewardError) as caught:
            runner.score({}, {})
        assert (caught.value.type_name, caught.value.line) == ("E", 7)
        assert runner.score({"a": 1}, {}).value == 1.0


@pytest.mark.fault(55)
def test_names_and_texts_are_measured_as_they_are_not_as_their_class_says():
    source = (
        "class Text(str):\n    def __len__(self): return 1\n    def __str__(self): return self\n"
        "def reward(args, pred):\n    return Score(1.0, Text('f' * 70_000), {Text('p' * 5_000): 1.0})\n"
    )
    with RewardRunner(source) as runner, pytest.raises(RewardError, match="5000 characters; at most 200"):
        runner.score({}, {})


def test_a_judge_is_asked_at_most_so_much_and_the_reward_is_told():
    source = "def reward(args, pred):\n    return judge('a -> b', a=[0] * 50_000).b\n"
    with RewardRunner(source, judge=lambda _s, /, **_i: {"b": 1}) as runner:
        with pytest.raises(RewardError, match="20000 values") as caught:
            runner.score({}, {})
        assert caught.value.type_name == "JudgeError"


@pytest.mark.fault(55)
def test_a_score_given_while_a_thread_asks_the_judge_is_that_score():
    """One frame is owed at a time: the score waits for the judge's answer."""
    asked = threading.Event()

    def judge(_signature, /, **_inputs):
        asked.set()
        be_slow(0.1)
        return {"b": 1}

    source = (
        "import threading\nsent = threading.Event()\n"
        "def ask():\n    real = worker._channel.send_frame\n"
        "    worker._channel.send_frame = lambda frame: (real(frame), sent.set())\n"
        "    judge('a -> b', a=1)\n"
        "import gc\nworker = next(o for o in gc.get_objects() if type(o).__name__ == 'Worker')\n"
        "def reward(args, pred):\n    threading.Thread(target=ask).start(); sent.wait(); return 1.0\n"
    )
    with RewardRunner(source, judge=judge) as runner:
        assert runner.score({}, {}).value == 1.0
    assert asked.is_set()


# --- our own kill


@pytest.mark.fault(63)
@posix
@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (
            "os.closerange(0, 256)\n    time.sleep(9)",
            "it closed the channel by which it answers; its process was killed",
        ),
        ("os.closerange(0, 256)\n    os._exit(3)", "the reward ended its own process (exit code 3)"),
        ("os.closerange(0, 256)\n    os.abort()", "the reward's process was ended by SIGABRT"),
        ("os._exit(3)", "the reward ended its own process (exit code 3)"),
        ("os.kill(os.getpid(), 9)", "the reward's process was ended by SIGKILL, and not by Refinescope"),
    ],
)
def test_who_ended_the_process_is_told_rightly(lines, told):
    """A worker whose channel has ended may go on, or be about to end by itself."""
    with RewardRunner(f"import os, time\ndef reward(args, pred):\n    {lines}\n") as runner:
        error, took_s = forge(runner)
    assert error.message.startswith(told)
    assert took_s < 4


@pytest.mark.fault(63)
def test_a_score_that_closing_ends_says_so():
    """Not that somebody killed its process by hand."""
    with RewardRunner("import time\ndef reward(args, pred):\n    time.sleep(30)\n") as runner:
        told = []

        def score():
            with pytest.raises(RewardError) as caught:
                runner.score({}, {})
            told.append(caught.value.message)

        scoring = threading.Thread(target=score)
        scoring.start()
        score_begins(runner)
        runner.close()
        finish(scoring)
    assert told == ["the reward runner was closed while it ran; its process was killed"]
