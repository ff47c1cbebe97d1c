"""Probes scored: what a reward pays for texts that are no answer, and for right answers that are written differently.

    RowRunner + right answers --probe_all--> RowProbes(right answer, its form and score, ProbeResult …)

First the right answer is scored in every form that is known; the form in which it scores most is the right one. Then every
probe is scored in that form, all in one request. What is paid is told by shares: 1 is the right answer's score, 0 the lowest
score that was seen, but at most zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from refine_core.concurrency.cancellation import Cancel
from refine_core.doctor.answers.forms import PLAIN, Form, learn_from_output, learn_from_source
from refine_core.doctor.answers.outputs import read_text
from refine_core.doctor.answers.right_answers import RightAnswer, expect_another
from refine_core.doctor.probes.drafts import Claim
from refine_core.doctor.probes.making import Probe, list_probes, write_right_answer
from refine_core.formatting import at_line
from refine_core.rewards import RowResult, RowRunner
from refine_core.rows import Row

FULL: Final = 0.99
"""A share from which a text counts as paid in full."""
REFUSED, STRONGLY_REFUSED = 0.5, 0.85
PAID_ALIKE: Final = 0.9
_PAID_FROM: Final = {"empty": 0.6, "wrapper": 0.6, "other": 0.7, "off-topic": 0.75}
"""Family -> the share from which such a text counts as paid. What resembles the right answer may be paid nearly like it."""
MAX_FORMS: Final = 10

PaidLike = Literal["right", "less", "more", "nothing", "unscored"]


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What a reward gave for one probe.

    name, claim, family, text: the probe's. value: its score; None if it has none. share: of the right answer's score; None
    without a value. paid_like: the same in a word. error: why it failed, with the line; "" if it did not. parts: of the value.
    reaches: whether it reaches the threshold, as the right answer does. prediction: all outputs that were tried.
    timed_out: whether the reward did not come to an end.
    is_refused: a right answer that is paid less than half; is_paid: a text that is paid and should not be.
    """

    name: str
    claim: Claim
    family: str
    text: str
    value: float | None
    share: float | None
    is_strong: bool = False
    error: str = ""
    reaches: bool = False
    parts: Mapping[str, float] = field(default_factory=dict)
    prediction: Mapping[str, object] = field(default_factory=dict)
    timed_out: bool = False

    @property
    def paid_like(self) -> PaidLike:
        """Whether it is paid like the right answer."""
        if self.share is None:
            return "unscored"
        if self.share > 2 - FULL:
            return "more"
        return "right" if self.share >= FULL else "less" if self.share > 1 - FULL else "nothing"

    @property
    def is_paid(self) -> bool:
        """Whether it is no right answer, and is paid all the same."""
        if self.claim == "right" or self.share is None:
            return False
        return self.share >= _PAID_FROM.get(self.family, PAID_ALIKE) or self.reaches

    @property
    def is_different(self) -> bool:
        """Whether it is a right answer, and is paid otherwise than the plain one."""
        return self.claim == "right" and self.paid_like != "right"

    @property
    def is_refused(self) -> bool:
        """Whether it is a right answer, and gets less than half of its score, or none."""
        return self.claim == "right" and (self.share is None or self.share < REFUSED)


@dataclass(frozen=True, slots=True)
class RowProbes:
    """The probes of one right answer.

    value: its score in the right form; None if it has none. text: the output that got it. form: what is around the answer.
    ignores_expected: whether it scores the same where another answer is expected. results: nothing if the right answer itself is not paid, as then no text can be compared with it.
    """

    right: RightAnswer
    form: Form
    text: str
    value: float | None
    error: str = ""
    results: tuple[ProbeResult, ...] = ()
    parts: Mapping[str, float] = field(default_factory=dict)
    ignores_expected: bool = False

    @property
    def paid_for_nothing(self) -> tuple[ProbeResult, ...]:
        """Texts that are paid and should not be, the best paid first."""
        return tuple(
            sorted((one for one in self.results if one.is_paid), key=lambda one: -(one.share or 0.0))
        )

    @property
    def refused(self) -> tuple[ProbeResult, ...]:
        """Right answers that are paid differently, the worst paid first."""
        return tuple(
            sorted((one for one in self.results if one.is_different), key=lambda one: one.share or 0.0)
        )


def probe_all(
    runner: RowRunner,
    source: str,
    rights: Sequence[RightAnswer],
    *,
    best: float | None,
    lowest: float | None,
    threshold: float | None = None,
    cancel: Cancel | None = None,
) -> tuple[RowProbes, ...]:
    """Score the probes of every right answer.

    best, lowest: scores that rows have. threshold: a text that reaches it is paid.
    Raises: as RowRunner.score_further.
    """
    from_source = [*learn_from_source(source)]
    firsts: list[RowProbes] = []
    for right in rights:
        forms = _list_forms(right, rights, from_source)
        tried = runner.score_further(
            [_row(right, write_right_answer(right, form)) for form in forms], cancel=cancel
        )
        if any(map(_timed_out, tried)):
            break  # a text on which it hangs costs seconds, and the other rows have the same
        # Of forms that are paid alike, the one that the row itself has, if it has marks; else the plainest.
        own = {form for form in _learn_own(right) if form.is_marked}
        at = max(range(len(forms)), key=lambda i: (_value_or_low(tried[i]), forms[i] in own, -i))
        firsts.append(
            RowProbes(
                right,
                forms[at],
                forms[at].wrap(right.text) if isinstance(right.value, str) else right.text,
                tried[at].value,
                describe_error(tried[at]),
                parts=tried[at].parts,
            )
        )
    seen = [*(one.value for one in firsts if one.value is not None), *(() if best is None else (best,))]
    floor = min([0.0, *seen, *(() if lowest is None else (lowest,))])
    others = _name_others(rights)
    probed: list[RowProbes] = []
    for first in firsts:
        if first.value is None:
            probed.append(first)
            continue
        probed.append(_probe(runner, first, others[first.right.text], max(seen), floor, threshold, cancel))
        if any(one.timed_out for one in probed[-1].results):
            break  # a text on which it hangs costs seconds, and the other rows have the same
    return tuple(probed)


def _probe(  # noqa: PLR0917  # one step of probe_all
    runner: RowRunner,
    first: RowProbes,
    other: str,
    good: float,
    floor: float,
    threshold: float | None,
    cancel: Cancel | None,
) -> RowProbes:
    """The probes of one right answer; the answer alone if nothing scores lower, or if it is paid far less than others and nothing tried is."""
    assert first.value is not None  # noqa: S101  # as the caller has seen
    probes = list_probes(first.right, first.form, other)
    rows = [_row(first.right, one.prediction) for one in probes]
    elsewhere = replace(expect_another(first.right), prediction=write_right_answer(first.right, first.form))
    *scored, moved = runner.score_further([*rows, elsewhere], cancel=cancel)
    values = [one.value for one in scored if one.value is not None and one.error is None]
    lowest = min([floor, *values])
    if first.value <= lowest:
        return first
    enough = lowest + REFUSED * (good - lowest)
    if first.value <= enough and all(value <= enough for value in values):
        return first
    results = tuple(
        _to_result(*pair, first.value, lowest, threshold) for pair in zip(probes, scored, strict=True)
    )
    return replace(
        first, results=results, ignores_expected=first.right.is_known and moved.value == first.value
    )


def _name_others(rights: Sequence[RightAnswer]) -> dict[str, str]:
    """Right answer -> that of the next row that has another one of its kind; "" where none has."""
    others = {}
    for i, right in enumerate(rights):
        following = [*rights[i + 1 :], *rights[:i]]
        others[right.text] = next((one.text for one in following if one.kind == right.kind), "")
    return others


def _timed_out(result: RowResult) -> bool:
    return result.error is not None and result.error.type_name == "Timeout"


def describe_error(result: RowResult) -> str:
    """An error of the reward, with its line; "" for none."""
    if result.error is None:
        return ""
    return at_line(result.error.line, result.error.message)


def _list_forms(right: RightAnswer, rights: Iterable[RightAnswer], from_source: list[Form]) -> list[Form]:
    if right.kind == "typed" or not right.is_known:  # the output of a good row is right as it stands
        return [PLAIN]
    forms = [PLAIN]
    for one in (right, *rights):
        forms += _learn_own(one)
    return list(dict.fromkeys([*forms[: MAX_FORMS // 2 + 1], *from_source, *forms]))[:MAX_FORMS]


def _learn_own(right: RightAnswer) -> list[Form]:
    """Forms that the row of a right answer may have."""
    recorded = read_text(right.row.prediction.get(right.field))
    return [] if recorded is None else [*learn_from_output(recorded, right.text)]


def _row(right: RightAnswer, prediction: dict[str, object] | object) -> Row:
    assert isinstance(prediction, dict)  # noqa: S101
    return replace(right.row, prediction=prediction)


def _value_or_low(result: RowResult) -> float:
    return float("-inf") if result.value is None else result.value


def _to_result(
    probe: Probe, result: RowResult, right: float, floor: float, threshold: float | None
) -> ProbeResult:
    value = None if result.error is not None else result.value
    share = None if value is None else (value - floor) / (right - floor)
    reaches = threshold is not None and right >= threshold and value is not None and value >= threshold
    return ProbeResult(
        probe.name,
        probe.claim,
        probe.family,
        probe.text,
        value,
        share,
        probe.is_strong,
        describe_error(result),
        reaches,
        result.parts,
        probe.prediction,
        _timed_out(result),
    )
