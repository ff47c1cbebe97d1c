"""Small dspy programs, as their users write them, run with a recorder. Run by dspy's own Python.

python -m tests.interop.scenes     serves {"scene": name, "home": folder for its runs} -> what it printed, until it ended

Importing dspy takes seconds, so each scene is played by a fork of one process that has imported it, and exits as a script does.
"""

from __future__ import annotations

import gc
import json
import logging
import multiprocessing
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path
from types import SimpleNamespace as Record
from typing import Any

import dspy  # type: ignore[import-not-found]  # it is in an environment of its own

from refine_core.interop import dspy_recorder
from refine_core.interop.dspy_recording.recorder import DspyRecorder
from refine_core.store import MemoryStore
from tests.interop.documented import read_docstrings, run_both


def reply(**fields: object) -> str:
    told = [f"[[ ## {n} ## ]]\n{v if isinstance(v, str) else json.dumps(v)}" for n, v in fields.items()]
    return "\n\n".join([*told, "[[ ## completed ## ]]"])


class Model(dspy.BaseLM):  # type: ignore[misc]
    """Answers with two words, and with one once it is told a hint. advise: what it says when asked for advice."""

    def __init__(
        self, advise: Callable[[], str] = lambda: reply(discussion="d", advice={"self": "one word"})
    ) -> None:
        super().__init__(
            "scripted/model",
            temperature=0.0,
            cache=False,
            api_key="sk-secret-123456789",
            extra_body={"options": [{"api_key": "nested-secret"}]},
        )
        self.advise = advise

    def forward(self, prompt: Any = None, messages: Any = None, **kwargs: Any) -> Record:
        shown = messages[-1]["content"]
        if "reward_code" in shown:
            text = self.advise()
        elif "`[[ ## good ## ]]`" in shown:
            text = reply(good=True)
        else:
            text = reply(answer="Brussels" if "hint_" in shown else "Brussels probably")
        return Record(
            choices=[Record(message=Record(content=text), finish_reason="stop")],
            usage={"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12},
            model=self.model,
        )


def one_word(args, pred):
    return 1.0 if len(pred.answer.split()) == 1 else 0.0


def refine(n: int = 3, **more: Any) -> Any:
    return dspy.Refine(dspy.Predict("question -> answer"), N=n, reward_fn=one_word, threshold=1.0, **more)


def configured() -> None:
    """The two lines of the README."""
    dspy.configure(lm=Model(), callbacks=[dspy_recorder()])
    refine()(question="What is the capital of Belgium?")


def in_a_block() -> None:
    """What runs outside of the block is not recorded."""
    dspy.configure(lm=Model())
    refine()(question="before")
    with dspy_recorder():
        refine()(question="inside")
    refine()(question="after")


def in_threads() -> None:
    """Each call on a thread of the user's own is a run of its own."""
    dspy.configure(lm=Model(), callbacks=[dspy_recorder()])
    program = refine()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: program(question=str(number)), range(4)))


def in_batch() -> None:
    """So is each example of a batch."""
    dspy.configure(lm=Model(), callbacks=[dspy_recorder()])
    examples = [dspy.Example(question=str(i)).with_inputs("question") for i in range(4)]
    refine().batch(examples, num_threads=3, disable_progress_bar=True)


def in_blocks() -> None:
    """Blocks one after the other share a thread and a store."""
    dspy.configure(lm=Model())
    for number in range(3):
        with dspy_recorder():
            refine()(question=str(number))
    assert [one.name for one in threading.enumerate()].count("refinescope recorder") == 1


def outlived() -> None:
    """A thread of an attempt outlives its run, and its call returns as without a recorder."""
    asked, may_answer, pool, late = threading.Event(), threading.Event(), ThreadPoolExecutor(1), []

    class Slow(Model):
        def forward(self, prompt: Any = None, messages: Any = None, **kwargs: Any) -> Record:
            if "late" in messages[-1]["content"]:
                asked.set()
                assert may_answer.wait(30)
            return super().forward(prompt, messages, **kwargs)

    class Late(dspy.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.answer = dspy.Predict("question -> answer")

        def forward(self, question: str) -> Any:
            late.append(pool.submit(lambda: self.answer(question="late").answer))
            assert asked.wait(30)
            return self.answer(question=question)

    dspy.configure(lm=Slow(), callbacks=[dspy_recorder()])
    dspy.Refine(Late(), N=1, reward_fn=one_word, threshold=1.0)(question="q")
    may_answer.set()
    assert late[0].result(30) == "Brussels probably"


def forked() -> None:
    """A process that a reward forks adds nothing to the run of its parent, and has nothing left to write."""
    recorder = dspy_recorder()
    dspy.configure(lm=Model(), callbacks=[recorder])
    judge = dspy.Predict("answer -> good: bool")

    def forking(args, pred):
        if (child := os.fork()) == 0:
            judge(answer=pred.answer)
            os._exit(0 if recorder.flush(10) else 1)
        return 1.0 if os.waitpid(child, 0)[1] == 0 else 0.0

    dspy.Refine(dspy.Predict("question -> answer"), N=1, reward_fn=forking, threshold=1.0)(question="q")


def with_a_judge() -> None:
    """A reward that asks a model."""
    dspy.configure(lm=Model(), callbacks=[dspy_recorder()])
    judge = dspy.Predict("answer -> good: bool")

    def judged(args, pred):
        return 1.0 if judge(answer=pred.answer).good else 0.0

    dspy.Refine(dspy.Predict("question -> answer"), N=2, reward_fn=judged, threshold=1.0)(question="q")


def nested() -> None:
    """A Refine inside the program of another belongs to that one's run."""
    dspy.configure(lm=Model(), callbacks=[dspy_recorder()])
    dspy.BestOfN(refine(2), N=2, reward_fn=one_word, threshold=2.0)(question="q")


def nested_counts() -> None:
    """A Refine inside an attempt loses its fail_count, too, and fails where nobody sees it."""

    def failing(args, pred):
        raise ValueError("no reward")

    class Twice(dspy.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.inner = dspy.BestOfN(
                dspy.Predict("question -> answer"), N=2, reward_fn=failing, threshold=1.0
            )

        def forward(self, question: str) -> Any:
            self.inner(question=question)
            self.inner(question=question)
            return dspy.Prediction(answer="Brussels")

    dspy.configure(lm=Model(), callbacks=[dspy_recorder()])
    dspy.BestOfN(Twice(), N=1, reward_fn=one_word, threshold=1.0)(question="q")


def no_numbers() -> None:
    """Rewards without bounds, and one that is no number."""
    scores = iter([float("-inf"), float("nan"), float("inf")])
    dspy.configure(lm=Model(), callbacks=[dspy_recorder()])
    dspy.BestOfN(
        dspy.Predict("question -> answer"), N=4, reward_fn=lambda args, pred: next(scores), threshold=1.0
    )(question="q")


def on_one_model() -> None:
    """Judges of 20 threads share a model, and the history of each reply is found among those of the others."""
    together = threading.Barrier(20, timeout=30)

    class Shared(Model):
        def update_history(self, entry: Any) -> None:  # dspy 3
            super().update_history(entry)
            self.wait(entry)

        def update_global_history(self, entry: Any) -> None:  # dspy 2
            super().update_global_history(entry)
            self.wait(entry)

        def wait(self, entry: Any) -> None:
            if "`[[ ## good ## ]]`" in entry["messages"][-1]["content"]:
                together.wait()

    judge = dspy.Predict("answer -> good: bool")

    def judged(args, pred):
        return 1.0 if judge(answer=pred.answer).good else 0.0

    dspy.configure(lm=Shared(), callbacks=[dspy_recorder()])
    program = dspy.BestOfN(dspy.Predict("question -> answer"), N=1, reward_fn=judged, threshold=1.0)
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda number: program(question=str(number)), range(20)))


def outlived_by_a_refine() -> None:
    """A call that outlives its run and begins a Refine then: that one is a run of its own."""
    entered, may_go_on, pool, late = threading.Event(), threading.Event(), ThreadPoolExecutor(1), []

    class Late(dspy.Module):  # type: ignore[misc]
        def forward(self, question: str) -> Any:
            entered.set()
            assert may_go_on.wait(30)
            return refine()(question=question)

    class Program(dspy.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.answer = dspy.Predict("question -> answer")

        def forward(self, question: str) -> Any:
            late.append(pool.submit(copy_context().run, Late(), question="late"))
            assert entered.wait(30)
            return self.answer(question=question)

    dspy.configure(lm=Model(), callbacks=[dspy_recorder()])
    dspy.BestOfN(Program(), N=1, reward_fn=one_word, threshold=1.0)(question="q")
    may_go_on.set()
    assert late[0].result(30).answer == "Brussels"


def forked_under_way() -> None:
    """A process is forked while another thread is busy with its reward function: the child's own runs go on."""
    held, may_go_on = threading.Event(), threading.Event()

    class Held(dspy.BestOfN):  # type: ignore[misc, name-defined]
        def __setattr__(self, name: str, value: Any) -> None:
            if name == "reward_fn" and "reward_fn" in self.__dict__:  # the recorder puts its own there
                held.set()
                may_go_on.wait(30)
            super().__setattr__(name, value)

    dspy.configure(lm=Model(), callbacks=[dspy_recorder()])
    program = Held(dspy.Predict("question -> answer"), N=1, reward_fn=one_word, threshold=1.0)
    with ThreadPoolExecutor(1) as pool:
        held_call = pool.submit(copy_context().run, program, question="parent")
        assert held.wait(30)
        if (child := os.fork()) == 0:
            refine()(question="child")
            sys.exit(0)  # as a script ends: all is written before
        status = os.waitpid(child, 0)[1]
        may_go_on.set()
        held_call.result(30)
    assert status == 0


def answer_alone() -> str:
    """What a process of a pool does."""
    return str(refine()(question="in a process").answer)


def in_a_process() -> None:
    """A process of a pool, which skips the interpreter's exit, has written its run when it ends."""
    dspy.configure(lm=Model(), callbacks=[dspy_recorder()])
    with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as pool:
        assert pool.submit(answer_alone).result(30) == "Brussels"


def with_info() -> None:
    """A script that logs at INFO gets no lines of ours when the store is made."""
    logging.getLogger().setLevel(logging.INFO)
    configured()


def with_a_bug() -> None:
    """A bug of ours is logged once, and the program's answers are as without a recorder."""

    class Broken(MemoryStore):
        def append(self, *_: Any, **__: Any) -> None:
            raise ZeroDivisionError("a bug of ours")

    dspy.configure(lm=Model(), callbacks=[recorder := DspyRecorder(open=Broken)])
    assert [refine()(question=str(number)).answer for number in range(3)] == ["Brussels"] * 3
    assert recorder.flush(30)


def documented() -> None:
    """The examples in dspy's own docstrings: with the two lines they print, answer and send the same."""
    for name, source in read_docstrings().items():
        plain, recorded = run_both(source)
        assert plain == recorded, name
        assert plain["end"] == ("Brussels" if name == "Refine" else "Brussels, I believe"), plain["end"]


def documented_judge() -> None:
    """As in dspy's tutorial: a judge that is called with a positional argument raises in the reward, at each attempt."""
    judge = dspy.ChainOfThought("statement -> is_factual: bool")

    def factuality(args, pred):
        return 1.0 if judge(pred.answer).is_factual else 0.0

    dspy.configure(lm=Model(), callbacks=[dspy_recorder()])
    program = dspy.Refine(dspy.Predict("question -> answer"), N=3, reward_fn=factuality, threshold=1.0)
    try:
        program(question="q")
    except TypeError:
        return
    raise AssertionError("dspy took the positional argument")


def unrecorded() -> None:
    """Nothing but refinements is recorded."""
    dspy.configure(lm=Model(), callbacks=[dspy_recorder()])
    dspy.Predict("question -> answer")(question="q")


def two_recorders() -> None:
    """Two recorders record a run once."""
    dspy.configure(lm=Model(), callbacks=[dspy_recorder(), dspy_recorder()])
    refine()(question="q")


def faults() -> None:
    """Faults of dspy's own: a hint for another predictor, a fail_count that shrinks, advice that fails, a reward that raises."""
    shared = dspy.Signature("question -> answer")

    class Two(dspy.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = dspy.Predict(shared), dspy.Predict(shared)

        def forward(self, question: str) -> Any:
            return self.second(question=self.first(question=question).answer)

    advice = reply(discussion="d", advice={"first": "say less", "second": "one word"})
    dspy.configure(lm=Model(lambda: advice), callbacks=[dspy_recorder()])
    dspy.Refine(Two(), N=2, reward_fn=one_word, threshold=1.0)(question="wrong hint")

    scores = iter([ValueError("no reward"), 0.5, 0.5, 0.5])

    def raising(args, pred):
        score = next(scores)
        if isinstance(score, Exception):
            raise score
        return score

    program = dspy.Refine(dspy.Predict("question -> answer"), N=2, reward_fn=raising, threshold=1.0)
    program(question="shrinks")
    program(question="has shrunk")

    def broken() -> str:
        raise ValueError("the adviser is down")

    with dspy.context(lm=Model(broken)):
        refine(2)(question="no advice")
    dspy.BestOfN(dspy.Predict("question -> answer"), N=2, reward_fn=one_word, threshold=None)(
        question="no threshold"
    )


def restored() -> None:
    """The reward of the user's own is in its place again afterwards, also when the call was interrupted."""
    dspy.configure(lm=Model(), callbacks=[dspy_recorder()])
    program = refine()
    mine = program.reward_fn
    program(question="q")
    assert program.reward_fn is mine

    def interrupting(args, pred):
        raise KeyboardInterrupt

    program = dspy.Refine(dspy.Predict("question -> answer"), N=2, reward_fn=interrupting, threshold=1.0)
    mine = program.reward_fn
    try:
        program(question="interrupted")
    except KeyboardInterrupt:
        assert program.reward_fn is mine
        return
    raise AssertionError("the interrupt was swallowed")


def main() -> None:
    """Serve scenes; a child that has played one exits from here."""
    import refine_core.store.migrations
    import refine_core.store.open  # noqa: F401 - both here, so that no child has to

    dspy.configure_cache(enable_disk_cache=False, enable_memory_cache=False)
    out = os.dup(1)
    os.dup2(2, 1)  # what a scene prints must not get between the answers
    os.write(out, b'"ready"\n')
    gc.freeze()  # no scene looks through what was imported for garbage
    for line in sys.stdin:
        job = json.loads(line)
        words = Path(job["words"])
        if (child := os.fork()) == 0:
            handle = os.open(words, os.O_WRONLY | os.O_CREAT)
            os.dup2(handle, 1)
            os.dup2(handle, 2)
            os.environ["REFINESCOPE_HOME"] = job["home"]
            os.environ["REFINESCOPE_DATABASE"] = job.get("database", "")
            logging.basicConfig(
                format="%(name)s: %(message)s", stream=os.fdopen(2, "w", closefd=False), force=True
            )
            globals()[job["scene"]]()
            return
        _, status = os.waitpid(child, 0)
        os.write(out, (json.dumps({"status": status, "words": words.read_text()}) + "\n").encode())


if __name__ == "__main__":
    main()
