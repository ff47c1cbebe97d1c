"""The programs, written once: `lib` is refine_core or dspy, and nothing else changes. Imports neither.

Every predictor carries its name as `mark`, and is told it as its input `stage`, so that a script's model knows who asks.
No `from __future__ import annotations` here: signatures read their types off local classes.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from functools import cache
from typing import Any

from tests.parity.play import Opaque, ProgramBroke


def program(lib: Any, shape: str) -> Any:
    """The program of this shape, new. lib: whatever has Module, Predict, ChainOfThought, Signature and Prediction."""
    return programs(lib)[shape]()


def marked(predictor: Any, mark: str) -> Any:
    """The predictor, or the one inside, with its name on it."""
    getattr(predictor, "predict", predictor).mark = mark
    return predictor


@cache
def programs(lib: Any) -> dict[str, Callable[[], Any]]:  # noqa: C901 - a list of short programs
    """Shape -> what makes it."""
    from pydantic import BaseModel

    Predict, ChainOfThought = lib.Predict, lib.ChainOfThought

    class Place(BaseModel):
        name: str
        people: int

    class Shared(lib.Signature):
        """Say something about the question."""

        stage: str = lib.InputField()
        question: str = lib.InputField()
        answer: str = lib.OutputField()

    class Colour(Enum):
        RED = "red"
        DEEP_BLUE = "deep blue"

    class Measured(lib.Signature):
        """Measure the place in question."""

        stage: str = lib.InputField()
        question: str = lib.InputField()
        count: int = lib.OutputField()
        sure: bool = lib.OutputField()
        colour: Colour = lib.OutputField()
        place: Place = lib.OutputField()

    class Two(lib.Module):
        def __init__(self):
            super().__init__()
            self.draft = marked(ChainOfThought("stage, question -> draft"), "draft")
            self.answer = marked(Predict("stage, question, draft -> answer"), "answer")

        def forward(self, question, notes):
            draft = self.draft(stage="draft", question=question).draft
            return self.answer(stage="answer", question=question, draft=draft)

    class Three(lib.Module):
        def __init__(self):
            super().__init__()
            self.plan = marked(Predict("stage, question -> plan"), "plan")
            self.draft = marked(Predict("stage, plan -> draft"), "draft")
            self.draft.demos = [
                {"stage": "draft", "plan": "a plan", "draft": "a draft"},
                {"plan": "half a plan", "draft": "another draft"},
                {"plan": "a plan that came to nothing"},
            ]
            self.answer = marked(Predict("stage, question, draft -> answer, remark"), "answer")

        def forward(self, question, notes):
            plan = self.plan(stage="plan", question=question).plan
            draft = self.draft(stage="draft", plan=plan).draft
            return self.answer(stage="answer", question=question, draft=draft)

    class OneSignature(lib.Module):
        def __init__(self):
            super().__init__()
            self.first = marked(Predict(Shared), "first")
            self.second = marked(Predict(Shared), "second")

        def forward(self, question, notes):
            first = self.first(stage="first", question=question).answer
            return self.second(stage="second", question=first)

    class Inner(lib.Module):
        def __init__(self):
            super().__init__()
            self.ask = marked(Predict("stage, question -> finding"), "ask")

        def forward(self, question):
            return self.ask(stage="ask", question=question)

    def every_third(args, pred):
        return 1.0 if int(pred.finding.split()[1]) % 3 == 0 else 0.0

    class Refining(lib.Module):
        def __init__(self):
            super().__init__()
            self.tried = lib.Refine(Inner(), N=2, reward_fn=every_third, threshold=1.0)
            self.final = marked(Predict("stage, finding -> answer"), "final")

        def forward(self, question, notes):
            return self.final(stage="final", finding=self.tried(question=question).finding)

    class Nested(lib.Module):
        def __init__(self):
            super().__init__()
            self.inner = Inner()
            self.final = marked(Predict("stage, finding -> answer"), "final")

        def forward(self, question, notes):
            finding = self.inner(question=question).finding
            return lib.Prediction(answer=self.final(stage="final", finding=finding).answer, finding=finding)

    class Listed(lib.Module):
        def __init__(self):
            super().__init__()
            self.steps = [
                marked(Predict("stage, text -> text_0"), "0"),
                marked(ChainOfThought("stage, text -> text_1"), "1"),
                marked(Predict("stage, text -> text_2"), "2"),
            ]

        def forward(self, question, notes):
            text = question
            for i, step in enumerate(self.steps):
                made = step(stage=str(i), text=text)
                text = made[f"text_{i}"]
            return made

    class Keyed(lib.Module):
        def __init__(self):
            super().__init__()
            self.by_name = {
                "a": marked(Predict("stage, question -> one"), "a"),
                "b": marked(Predict("stage, question -> two"), "b"),
            }

        def forward(self, question, notes):
            one = self.by_name["a"](stage="a", question=question).one
            return lib.Prediction(one=one, two=self.by_name["b"](stage="b", question=one).two)

    class Repeated(lib.Module):
        def __init__(self):
            super().__init__()
            self.more = marked(Predict("stage, question -> answer"), "more")
            self.same = self.more

        def forward(self, question, notes):
            for _ in range(2):
                question = self.more(stage="more", question=question).answer
            return self.same(stage="more", question=question)

    class Fussy(lib.Module):
        def __init__(self):
            super().__init__()
            self.guess = marked(Predict("stage, question -> guess"), "guess")
            self.check = marked(Predict("stage, guess -> verdict"), "check")

        def forward(self, question, notes):
            guess = self.guess(stage="guess", question=question).guess
            if guess == "fatal":
                raise ProgramBroke("that guess will not do")
            return self.check(stage="check", guess=guess)

    class Forgiving(lib.Module):
        def __init__(self):
            super().__init__()
            self.wild = marked(Predict("stage, question -> wild"), "wild")
            self.tame = marked(Predict("stage, question -> answer"), "tame")

        def forward(self, question, notes):
            try:
                question = self.wild(stage="wild", question=question).wild
            except Exception:  # noqa: BLE001 - a user's program may well do so
                question = "nothing wild"
            return self.tame(stage="tame", question=question)

    class Noting(lib.Module):
        def __init__(self):
            super().__init__()
            self.note = marked(Predict("stage, question, notes: list[str] -> answer"), "note")

        def forward(self, question, notes):
            made = self.note(stage="note", question=question, notes=list(notes))
            notes.append(made.answer)
            return made

    class Typed(lib.Module):
        def __init__(self):
            super().__init__()
            self.measure = marked(Predict(Measured), "measure")
            self.tell = marked(Predict("stage, question, count: int -> answer"), "tell")

        def forward(self, question, notes):
            made = self.measure(stage="measure", question=question)
            answer = self.tell(stage="tell", question=made.place, count=made.count).answer
            return lib.Prediction(answer=answer, place=made.place, sure=made.sure, colour=made.colour)

    class Configured(lib.Module):
        def __init__(self):
            super().__init__()
            self.cold = marked(Predict("stage, question -> draft", temperature=0.125), "cold")
            self.warm = marked(Predict("stage, draft -> answer"), "warm")

        def forward(self, question, notes):
            draft = self.cold(stage="cold", question=question).draft
            return self.warm(stage="warm", draft=draft, config={"temperature": 0.875})

    class Frozen(lib.Module):
        def __init__(self):
            super().__init__()
            self.inner = Inner()
            self.inner._compiled = True
            self.final = marked(Predict("stage, finding -> answer"), "final")

        def forward(self, question, notes):
            return self.final(stage="final", finding=self.inner(question=question).finding)

    class Passing(lib.Module):
        def __init__(self):
            super().__init__()
            self.early = marked(Predict("stage, question -> draft"), "early")

        def forward(self, question, notes):
            late = marked(Predict("stage, draft -> answer"), "late")
            return late(stage="late", draft=self.early(stage="early", question=question).draft)

    class Overriding(lib.Module):
        def __init__(self):
            super().__init__()
            self.draft = marked(Predict("stage, question -> draft"), "draft")

        def forward(self, question, notes):
            return self.draft(stage="draft", question=question, signature="stage, question -> answer, doubt")

    class Generous(lib.Module):
        def __init__(self):
            super().__init__()
            self.take = marked(Predict("stage, question -> answer"), "take")

        def forward(self, question, notes):
            return self.take(stage="take", question=question, notes=notes)

    class Stingy(lib.Module):
        def __init__(self):
            super().__init__()
            self.lack = marked(Predict("stage, question, context -> answer"), "lack")

        def forward(self, question, notes):
            return self.lack(stage="lack", question=question)

    class Mistyped(lib.Module):
        def __init__(self):
            super().__init__()
            self.add = marked(Predict("stage, count: int -> answer"), "add")

        def forward(self, question, notes):
            return self.add(stage="add", count=notes[0])

    class Odd(lib.Module):
        def __init__(self):
            super().__init__()
            self.odd = marked(Predict("stage, question -> answer"), "odd")

        def forward(self, question, notes):
            return self.odd(stage="odd", question=Opaque())

    class Threaded(lib.Module):
        def __init__(self):
            super().__init__()
            self.draft = marked(Predict("stage, question -> draft"), "draft")
            self.answer = marked(Predict("stage, draft -> answer"), "answer")

        def forward(self, question, notes):
            with ThreadPoolExecutor(1) as pool:
                draft = pool.submit(self.draft, stage="draft", question=question).result().draft
                return pool.submit(self.answer, stage="answer", draft=draft).result()

    class Plainly(lib.Module):
        def __init__(self):
            super().__init__()
            self.ask = marked(Predict("stage, question -> answer"), "ask")

        def forward(self, question, notes):
            return {"answer": self.ask(stage="ask", question=question).answer}

    class Barely(Plainly):
        def forward(self, question, notes):
            return self.ask(stage="ask", question=question).answer

    class Alone(lib.Module):
        def forward(self, question, notes):
            return lib.Prediction(answer=f"{question} {len(notes)}")

    named = {
        "two": Two,
        "three": Three,
        "one signature": OneSignature,
        "nested": Nested,
        "listed": Listed,
        "keyed": Keyed,
        "repeated": Repeated,
        "fussy": Fussy,
        "forgiving": Forgiving,
        "noting": Noting,
        "typed": Typed,
        "configured": Configured,
        "frozen": Frozen,
        "passing": Passing,
        "overriding": Overriding,
        "generous": Generous,
        "stingy": Stingy,
        "mistyped": Mistyped,
        "odd": Odd,
        "returns a dict": Plainly,
        "returns text": Barely,
        "no predictor": Alone,
        "refining": Refining,
        "threaded": Threaded,
    }
    return {
        "predict": lambda: marked(Predict("stage, question -> answer"), "bare"),
        "thought": lambda: marked(ChainOfThought("stage, question -> answer"), "bare"),
        **named,
    }
