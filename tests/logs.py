"""Logs of runs that never took place: records, as a recorder would have written them, for folds and screens.

    log = Log(stages=("draft", "answer"), N=5, threshold=0.9)
    log.attempt(0.2, outputs={"answer": "Paris"}); log.advise({"draft": "be brief"}); log.attempt(0.95); log.finish()
    log.records                                             # list[Record]; log.timeline is its Timeline

`SCENARIOS` names ready ones. Nothing here is random and no clock is read.
"""

from collections.abc import Mapping, Sequence

from refine_core import events as ev
from refine_core.log import Record
from refine_core.log.folds import timeline
from refine_core.log.span import Span
from refine_core.log.timeline import Timeline
from refine_core.spec import ModelSpec, ProgramSpec, StageSpec

START = 1_700_000_000.0
BUSY = ev.Fault("LMRateLimitError", "too many requests", "model")
BROKEN = ev.Fault("ParseError", "no field 'answer' in the reply", "program")
UNREAD = ev.ParseFailed(("answer",), {})
HOSTILE = (
    '<img src=x onerror="window.hurt=1"><b>bold</b> <a href="http://evil.test">go</a> &lt;i&gt; token:text'
)


class Log:
    """A run under construction. Time passes by what the parts are said to take."""

    def __init__(
        self,
        *,
        stages: Sequence[str] = ("draft", "answer"),
        N: int = 5,
        threshold: float | None = 0.9,
        run_id: str = "run-1",
        temperatures: Sequence[float] | None = None,
        strategy: str = "refine",
        hints_from: str = "adviser",
        started_at: float = START,
        fixed_temperature: Sequence[str] = (),
        signature: str = "question -> answer",
    ) -> None:
        self.run_id, self.stages, self.N, self.now = run_id, tuple(stages), N, started_at
        self.records: list[Record] = []
        self.hints: dict[str, str] = {}
        self.advice_from: int | None = None
        self.count = 0
        self.last: float | None = None
        self.rewards: dict[int, float] = {}
        self.met: dict[int, bool] = {}
        self.threshold = threshold
        self.fixed_temperature = tuple(fixed_temperature)
        steps = max(N - 1, 1)
        self.temperatures = tuple(
            temperatures or (0.0, *(round(0.5 + 0.5 * i / steps, 3) for i in range(1, N)))
        )[:N]
        spec = ProgramSpec(
            stages=tuple(StageSpec(name, signature) for name in self.stages),
            reward="def reward(inputs, prediction): return 1.0",
            inputs={"question": "Which city?"},
            N=N,
            threshold=threshold,
            strategy=strategy,
            hints=hints_from,
            model=ModelSpec(),
        )
        self.emit("", ev.RunStarted(spec, self.temperatures, self.stages, "test"))

    @property
    def timeline(self) -> Timeline:
        """The records, folded."""
        folded = timeline(self.records)
        assert folded is not None
        return folded

    def emit(self, span: str, event: ev.Event) -> None:
        """Record a fact. span: as it is written on disk."""
        self.records.append(Record(self.run_id, len(self.records) + 1, self.now, Span.parse(span), event))

    def begin(self, *, temperature: float | None = None) -> str:
        """Start the next attempt, with the hints in force; return its span."""
        index, span = self.count, f"attempt-{self.count}"
        self.count += 1
        planned = self.temperatures[min(index, len(self.temperatures) - 1)]
        hints = {name: self.hints.get(name, "N/A") for name in self.stages} if self.hints else {}
        self.emit(
            span,
            ev.AttemptStarted(
                index,
                planned if temperature is None else temperature,
                hints,
                self.advice_from,
                self.fixed_temperature,
            ),
        )
        return span

    def call(
        self,
        span: str,
        *,
        took: float = 0.4,
        retries: int = 0,
        purpose: str = "predict",
        known: bool = True,
        text: str = "ok",
        name: str = "lm",
    ) -> None:
        """One request to a model and its reply. known: whether it tells tokens and cost. name: "lm-2" for a second one."""
        here = f"{span}/{name}"
        self.emit(here, ev.LMRequested("practice", ({"role": "user", "content": "hi"},), {}, purpose))
        for ordinal in range(1, retries + 1):
            self.now += 0.2
            self.emit(here, ev.LMRetried(ordinal, 0.2, BUSY))
        self.now += took
        usage = (120, 40, 0.00031) if known else (None, None, None)
        self.emit(here, ev.LMReplied(text, took + 0.2 * retries, *usage))

    def predict(
        self,
        span: str,
        name: str,
        outputs: Mapping[str, object] | None,
        *,
        unread: bool = False,
        **kw: object,
    ) -> None:
        """One call of one predictor. outputs None: it raises, and so ends. unread: its first reply was; so it asks again."""
        here, began = f"{span}/{name}", self.now
        hint = self.hints.get(name)
        self.emit(here, ev.ModuleStarted(name, {"question": "Which city?"}, hint))
        self.call(here, **kw)
        if unread:
            self.emit(here, UNREAD)
            self.call(here, name="lm-2", **kw)
        if unread and outputs is None:
            self.emit(here, UNREAD)
        if outputs is None:
            self.emit(here, ev.ModuleEnded(name, self.now - began, BROKEN))
        else:
            self.emit(here, ev.PredictorTraced(name, outputs))
            self.emit(here, ev.ModuleEnded(name, self.now - began))

    def attempt(
        self,
        reward: float | None,
        *,
        outputs: Mapping[str, object] | None = None,
        temperature: float | None = None,
        took: Sequence[float] | float = 0.4,
        retries: Mapping[str, int] | None = None,
        known: bool = True,
        error: ev.Fault = BROKEN,
        unmet: Mapping[str, str] | None = None,
        unread: Sequence[str] = (),
        parts: Mapping[str, float] | None = None,
    ) -> None:
        """A whole attempt; reward None: its last predictor raises, or, where outputs are given, its reward does.

        unmet: validators that it failed, with their messages. parts: of its score. unread: predictors whose first reply could not be read.
        """
        span = self.begin(temperature=temperature)
        index = self.count - 1
        given = outputs or {"answer": f"answer number {index + 1}"}
        times = [took] * len(self.stages) if isinstance(took, float) else list(took)
        for name, seconds in zip(self.stages, times, strict=True):
            raises = reward is None and outputs is None and name == self.stages[-1]
            result = None if raises else given if name == self.stages[-1] else {"notes": f"notes {index + 1}"}
            self.predict(
                span,
                name,
                result,
                took=seconds,
                retries=(retries or {}).get(name, 0),
                known=known,
                unread=name in unread,
            )
        if reward is None:
            phase = "program" if outputs is None else "reward"
            if outputs is not None:
                self.emit(span, ev.RewardStarted(index, given))
            self.emit(span, ev.AttemptFailed(index, phase, error))
            return
        self.emit(span, ev.RewardStarted(index, given))
        self.emit(span, ev.RewardScored(index, reward, 0.01, parts or {}, unmet=unmet or {}))
        self.rewards[index], self.met[index] = reward, not unmet

    def advise(self, hints: Mapping[str, str], *, took: float = 0.3) -> None:
        """Advice after the latest attempt; those left out are told "N/A"."""
        after = self.count - 1
        span = f"attempt-{after}/advice"
        self.call(span, took=took, purpose="advice")
        full = {name: hints.get(name, "N/A") for name in self.stages}
        self.emit(span, ev.AdviceGiven(after, "because", full, took))
        self.hints, self.advice_from = dict(hints), after

    def advice_fails(self) -> None:
        """No advice could be had; the hints in force stay."""
        after = self.count - 1
        span = f"attempt-{after}/advice"
        self.emit(f"{span}/lm", ev.LMRequested("practice", (), {}, "advice"))
        self.now += 0.5
        self.emit(f"{span}/lm", ev.LMFailed(BUSY, 0.5))
        self.emit(span, ev.AdviceFailed(after, BUSY, 0.5))

    def running(self) -> None:
        """An attempt under way: its first predictor is done, its second waits for a reply."""
        span = self.begin()
        first, *rest = self.stages
        if rest:
            self.predict(span, first, {"notes": "so far"})
        name = rest[0] if rest else first
        self.emit(f"{span}/{name}", ev.ModuleStarted(name, {}, self.hints.get(name)))
        self.emit(f"{span}/{name}/lm", ev.LMRequested("practice", (), {}))
        self.now += 0.3

    def finish(self, reason: ev.StopReason | None = None) -> None:
        """The run's end; the reason follows from the rewards and the rules unless it is given."""
        best = max(self.rewards, key=lambda i: (self.met[i], self.rewards[i]), default=None)
        reached = (
            best is not None
            and self.met[best]
            and self.threshold is not None
            and self.rewards[best] >= self.threshold
        )
        why = reason or ("threshold_reached" if reached else "attempts_used_up")
        self.emit(
            "", ev.RunFinished(why, best, None if why in {"cancelled", "error"} else best, self.now - START)
        )


WORDS = (
    "The capital of France is Paris, which lies on the river Seine and has been the seat of government for centuries.",
    "The capital of France is Paris, on the Seine.",
    "The capital of France is Paris.",
    "Paris.",
    "Paris",
)


HEADLINES = (
    ("The foldable kettle that makes mornings easy for campers and students on a budget", ["kettle"], 0.8),
    ("Foldable kettle for campers", ["kettle", "camping", "foldable"], 0.8),
    ("Camp coffee for 39.90 euros", ["coffee", "camping", "foldable"], 39.9),
    ("Foldable kettle, 39.90 euros, fits any backpack", ["kettle", "camping", "foldable"], 39.9),
)
HEADLINE_PARTS = ((0.0, 0.25, 0.08, 0.0), (0.25, 0.25, 0.25, 0.0), (0.25, 0.0, 0.25, 0.25), (0.25,) * 4)
HEADLINE_HINTS = (
    "Keep headline to 8 words at most. In keywords, list three separate words.",
    "price is the amount in euros that the product states, not the volume. Keep the headline short.",
    "Name the product: headline must contain the word for it. Keep the price as it is.",
)


def headline(attempts: int = 4) -> Log:
    """One stage, three outputs, a score in four parts; of four attempts the last reaches the threshold."""
    signature = "product, audience -> headline, keywords: list[str], price: float"
    log = Log(
        stages=("headline",), N=5, threshold=1.0, signature=signature, temperatures=(0.0, 0.5, 0.6, 0.7, 0.8)
    )
    for i in range(attempts):
        title, keywords, price = HEADLINES[i]
        parts = dict(zip(("short", "names it", "keywords", "price"), HEADLINE_PARTS[i], strict=True))
        outputs = {"headline": title, "keywords": keywords, "price": price}
        log.attempt(round(sum(parts.values()), 2), outputs=outputs, parts=parts)
        if i + 1 < len(HEADLINES):
            log.advise({"headline": HEADLINE_HINTS[i]})
    if attempts == len(HEADLINES):
        log.finish()
    else:
        log.running()
    return log


def one() -> Log:
    log = Log(stages=("answer",))
    log.attempt(1.0, outputs={"answer": "Paris"})
    log.finish()
    return log


def two_stages(*, finished: bool = True) -> Log:
    """Four attempts, hints to one, both and one predictor, threshold reached at the fourth."""
    log = Log()
    log.attempt(0.2, outputs={"answer": WORDS[0]}, took=(0.9, 1.6))
    log.advise({"draft": "Name the city first, then stop.", "answer": "One sentence."})
    log.attempt(0.6, outputs={"answer": WORDS[1]}, took=(0.7, 1.1))
    log.advise({"draft": "Leave the river out."})
    log.attempt(0.62, outputs={"answer": WORDS[2]}, took=(0.8, 0.6))
    log.advise({"answer": "Only the name of the city, without a full stop."})
    if finished:
        log.attempt(0.91, outputs={"answer": WORDS[4]}, took=(0.6, 0.4))
        log.finish()
    else:
        log.running()
    return log


def running() -> Log:
    return two_stages(finished=False)


def failures() -> Log:
    """Failed attempts, retries, advice that failed, so that older advice stays in force; never reaches the threshold."""
    log = Log(N=6, threshold=0.95)
    log.attempt(0.4, outputs={"answer": WORDS[0]}, retries={"draft": 1})
    log.advise({"answer": "Say less."})
    log.attempt(None)
    log.attempt(0.7, outputs={"answer": WORDS[1]}, took=(0.3, 1.4), retries={"answer": 2})
    log.advice_fails()
    log.attempt(0.7, outputs={"answer": WORDS[1]})
    log.advise({"draft": "Keep the name.", "answer": "Drop the verb."})
    log.attempt(
        None,
        outputs={"answer": ""},
        error=ev.Fault("ZeroDivisionError", "ZeroDivisionError: division by zero", "program", 3),
    )
    log.attempt(0.55, outputs={"answer": WORDS[3]}, known=False)
    log.finish()
    return log


def negative() -> Log:
    log = Log(stages=("answer",), N=4, threshold=2.0)
    for reward in (-3.5, -0.8, 1.4, 0.2):
        log.attempt(reward)
        log.advise({"answer": "Warmer."})
    log.finish()
    return log


def cancelled() -> Log:
    log = Log()
    log.attempt(0.3)
    log.advise({"draft": "Shorter."})
    log.running()
    log.finish("cancelled")
    return log


def long(attempts: int = 40, *, N: int | None = None) -> Log:
    """Many attempts that wander upwards, every ninth failing."""
    log = Log(N=N or attempts, threshold=0.99)
    for i in range(attempts):
        wander = 0.15 + 0.75 * i / attempts + 0.12 * ((i * 7) % 5 - 2) / 2
        log.attempt(
            None if i % 9 == 8 else round(max(0.0, min(0.98, wander)), 3), took=(0.3 + (i % 4) / 5, 0.5)
        )
        if i % 9 != 8:
            log.advise({"draft": "Try again."} if i % 2 else {"draft": "Shorter.", "answer": "Plainer."})
    if N is None or attempts == N:
        log.finish()
    return log


def parted(attempts: int = 100) -> Log:
    """A score of four parts, of which few attempts get all; some fail, and a hint holds for a while."""
    log = Log(stages=("headline",), N=attempts, threshold=1.0)
    for i in range(attempts):
        if i % 17 == 16:
            log.attempt(None)
            continue
        parts = {
            "short": 0.25 * (i % 3 > 0),
            "names it": 0.25 * (i % 4 > 0),
            "keywords": round(0.25 * (i % 5) / 4, 3),
            "price": 0.25 * (i % 7 == 0),
        }
        log.attempt(round(sum(parts.values()), 3), parts=parts, took=0.05 + (i * 13 % 11) / 40)
        log.advise({"headline": f"Keep it to {8 - i // 9 % 5} words."}, took=0.05)
    log.finish()
    return log


def hostile() -> Log:
    """A model that writes markup everywhere it can."""
    log = Log(stages=("<b>draft</b>", "answer"), N=3)
    log.attempt(0.1, outputs={"answer": HOSTILE, "<u>name</u>": "x"})
    log.advise({"<b>draft</b>": HOSTILE, "answer": HOSTILE})
    log.attempt(None, error=ev.Fault("ValueError", HOSTILE, "program"), outputs={"answer": HOSTILE})
    log.attempt(0.2, outputs={"answer": HOSTILE + " again"})
    log.finish()
    return log


def long_words() -> Log:
    """Names and outputs longer than any place for them."""
    log = Log(stages=("retrieve_supporting_passages", "answer_the_question_briefly", "s3"), N=5)
    essay = " ".join(WORDS) * 8
    log.attempt(
        0.25,
        outputs={"a_rather_long_field_name_for_an_answer": essay, "confidence": 0.5},
        took=(2.5, 61.0, 0.4),
    )
    log.advise(dict.fromkeys(log.stages, essay))
    log.attempt(0.5, outputs={"a_rather_long_field_name_for_an_answer": essay[9:], "confidence": 0.75})
    log.advise({"answer_the_question_briefly": essay})
    log.attempt(0.5, outputs={"a_rather_long_field_name_for_an_answer": "x" * 400, "confidence": 0.75})
    log.finish()
    return log


def no_temperature(*, finished: bool = True) -> Log:
    """A model that takes no temperature; without an end, the third of four attempts is under way."""
    log = Log(stages=("answer",), N=4, fixed_temperature=("answer",))
    log.attempt(0.3, outputs={"answer": WORDS[0]})
    log.advise({"answer": "Say less."})
    log.attempt(0.6, outputs={"answer": WORDS[1]})
    log.advise({"answer": "One word."})
    if finished:
        log.attempt(1.0, outputs={"answer": WORDS[4]})
        log.finish()
    else:
        log.running()
    return log


def one_without_temperature() -> Log:
    """Two models, of which that of `answer` takes no temperature."""
    log = Log(N=3, fixed_temperature=("answer",))
    log.attempt(0.4, outputs={"answer": WORDS[1]})
    log.advise({"draft": "Shorter."})
    log.attempt(0.95, outputs={"answer": WORDS[4]})
    log.finish()
    return log


LIMIT = {"at most 3 words": "Use at most 3 words."}


def rules(*, met: bool = True) -> Log:
    """Rewards above the threshold with a rule not met; the first and the last attempt meet every rule, or none does."""
    log = Log(stages=("answer",), N=4)
    log.attempt(0.4, outputs={"answer": WORDS[0]}, unmet=None if met else LIMIT)
    log.advise({"answer": "Name the city."})
    log.attempt(0.95, outputs={"answer": WORDS[1]}, unmet=LIMIT)
    log.advise({"answer": "Use at most 3 words."})
    log.attempt(
        0.97, outputs={"answer": WORDS[2]}, unmet={**LIMIT, "no full stop": "Leave out the full stop."}
    )
    log.advise({"answer": "Use at most 3 words, without a full stop."})
    polite = {"polite": "Say please."}
    log.attempt(0.92 if met else 0.85, outputs={"answer": WORDS[4]}, unmet=None if met else polite)
    log.finish()
    return log


def asked_again() -> Log:
    """Replies that could not be read: one is read on the second asking, one not even then."""
    log = Log(N=4)
    log.attempt(0.4, outputs={"answer": WORDS[1]}, unread=("draft",))
    log.advise({"answer": "Say less."})
    log.attempt(None, unread=("answer",))
    log.attempt(0.95, outputs={"answer": WORDS[4]})
    log.finish()
    return log


def nested() -> Log:
    """A refinement inside each attempt: two attempts of its own, advice between them."""
    log = Log(stages=("answer",), N=3)
    for reward in (0.3, 1.0):
        span = log.begin()
        index = log.count - 1
        for inner, value in enumerate((0.1, 0.9)):
            within = f"{span}/refine/attempt-{inner}"
            log.emit(within, ev.AttemptStarted(inner, 0.5 + inner / 10, {"answer": "inner"} if inner else {}))
            log.predict(within, "answer", {"answer": f"{index}.{inner}"}, unread=inner == 1)
            log.emit(within, ev.RewardStarted(inner, {"answer": "inner"}))
            log.emit(within, ev.RewardScored(inner, value, 0.0, unmet=LIMIT))
            if not inner:
                log.call(f"{within}/advice", purpose="advice")
                log.emit(f"{within}/advice", ev.AdviceGiven(inner, "inner", {"answer": "inner"}, 0.1))
        log.emit(span, ev.RewardStarted(index, {"answer": f"outer {index}"}))
        log.emit(span, ev.RewardScored(index, reward, 0.0))
        log.rewards[index], log.met[index] = reward, True
        if reward < 1:
            log.advise({"answer": "outer"})
    log.finish()
    return log


def nothing_yet() -> Log:
    """Started, and no attempt has begun."""
    return Log()


def far_from_done() -> Log:
    """Two of sixty attempts made, the third under way."""
    log = Log(N=60)
    for reward in (0.2, 0.35):
        log.attempt(reward)
        log.advise({"draft": "Shorter.", "answer": "Plainer."})
    log.running()
    return log


SCENARIOS = {
    "headline": headline,
    "headline runs": lambda: headline(1),
    "nothing yet": nothing_yet,
    "far from done": far_from_done,
    "long words": long_words,
    "thirty": lambda: long(30),
    "one": one,
    "two stages": two_stages,
    "running": running,
    "left": running,  # by a process that ended
    "failures": failures,
    "negative": negative,
    "cancelled": cancelled,
    "twelve": lambda: long(12),
    "forty": long,
    "hundred": parted,
    "hostile": hostile,
    "no temperature": no_temperature,
    "no temperature yet": lambda: no_temperature(finished=False),
    "one without temperature": one_without_temperature,
    "rules": rules,
    "rules never met": lambda: rules(met=False),
    "asked again": asked_again,
    "nested": nested,
}


def last_of_many() -> Log:
    """The last of 150 attempts is under way."""
    log = long(149, N=150)
    log.running()
    return log


LARGE = {"five hundred": lambda: parted(500), "last of many": last_of_many}
"""Too long to be drawn once for each prefix."""
