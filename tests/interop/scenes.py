"""Small dspy programs, as their users write them, run with a recorder. Run by dspy's own Python.

python -m tests.interop.scenes     serves {"scene": name, "home": folder for its runs} -> what it printed, until it ended

Importing dspy takes seconds, so each scene is played by a fork of one process that has imported it, and exits as a script does.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace as Record
from typing import Any

import dspy  # type: ignore[import-not-found]  # it is in an environment of its own

from refine_core.interop import dspy_recorder


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
    for line in sys.stdin:
        job = json.loads(line)
        words = Path(job["words"])
        if (child := os.fork()) == 0:
            handle = os.open(words, os.O_WRONLY | os.O_CREAT)
            os.dup2(handle, 1)
            os.dup2(handle, 2)
            os.environ["REFINESCOPE_HOME"] = job["home"]
            logging.basicConfig(
                format="%(name)s: %(message)s", stream=os.fdopen(2, "w", closefd=False), force=True
            )
            globals()[job["scene"]]()
            return
        _, status = os.waitpid(child, 0)
        os.write(out, (json.dumps({"status": status, "words": words.read_text()}) + "\n").encode())


if __name__ == "__main__":
    main()
