"""Where hints come from, and which temperatures attempts get: in the library, in a run, and in what it records."""

from __future__ import annotations

from dataclasses import replace

import pytest

from refine_core import BestOfN, ModelSpec, Predict, ProgramSpec, Refine, StageSpec, context
from refine_core import events as ev
from refine_core.connect import connect
from refine_core.connections import supports_temperature
from refine_core.errors import SpecError
from refine_core.figures import build_ledger
from refine_core.log.codec import decode, encode
from refine_core.messages import describe_settings, hint_source
from refine_core.programs import (
    FEEDBACK,
    estimate_tokens,
    find_problems,
    list_temperatures,
    may_give_feedback,
    preview_advice_prompt,
)
from refine_core.rewards import Score
from refine_core.runs import Credentials, Runs
from refine_core.spec import Schedule
from refine_core.store import MemoryStore
from tests.openai_server import OpenAIServer, polite, status
from tests.prompts import advice, asks_for_advice, model, reply, section
from tests.threads import run_to_end
from tests.unit.test_resuming import interrupted, went

REWARD = "def reward(args, pred):\n    return Score(0.2, feedback='One word, please.' if len(pred.answer) > 3 else '')\n"
JUDGED = (
    "def reward(args, pred):\n"
    "    said = judge('answer -> score: float', answer=pred.answer)\n"
    "    return min(0.9, said['score'])\n"
)
SPEC = ProgramSpec((StageSpec("answer", "question -> answer"),), REWARD, {"question": "Why?"}, N=3)


@pytest.fixture
def runs():
    made = Runs(MemoryStore())
    yield made
    made.close()


def ended(runs, spec):
    return run_to_end(runs, runs.start(spec, Credentials({})))


def answering(*texts):
    left = list(texts)
    return model(lambda m, p: reply(answer=left.pop(0)))


def judged(args, pred):
    return Score(0.1, feedback=f"Not {pred.answer}.")


@pytest.mark.fault(50)
def test_the_rewards_feedback_is_the_next_hint_and_no_adviser_is_asked():
    lm = answering("a", "b", "c")
    with context(lm=lm):
        best = Refine(Predict("q -> answer"), 3, judged, 1.0, hints="feedback")(q="?")
    assert not any(asks_for_advice(call.messages) for call in lm.calls)
    assert [section(call.messages, "hint_") for call in lm.calls] == [None, "Not a.", "Not b."]
    assert [attempt.hints for attempt in best.refinement.attempts] == [
        {},
        {"self": "Not a."},
        {"self": "Not b."},
    ]


@pytest.mark.fault(50)
def test_without_hints_attempts_differ_in_temperature_alone():
    lm = answering("a", "b", "c")
    with context(lm=lm):
        Refine(Predict("q -> answer"), 3, judged, 1.0, hints="none")(q="?")
    assert len({str(call.messages) for call in lm.calls}) == 1
    assert len({call.params["temperature"] for call in lm.calls}) == 3


@pytest.mark.parametrize("kind", [Refine, BestOfN])
def test_the_schedule_of_dspy_3_sends_one_temperature_and_rollout_ids(kind):
    lm = model(lambda m, p: reply(answer="a"))
    lm.kwargs["rollout_id"] = 7
    hints = {"hints": "none"} if kind is Refine else {}
    with context(lm=lm):
        kind(Predict("q -> answer"), 3, judged, 1.0, schedule="dspy-3", **hints)(q="?")
    sent = [(call.params["temperature"], call.params["rollout_id"]) for call in lm.calls]
    assert sent == [(1.0, 7), (1.0, 8), (1.0, 9)]


def test_a_list_of_temperatures_is_used_as_it_stands():
    lm = model(lambda m, p: reply(answer="a"))
    with context(lm=lm):
        BestOfN(Predict("q -> answer"), 3, judged, 1.0, schedule=[0.9, 0.2, 0.2])(q="?")
    sent = [(call.params["temperature"], call.params["rollout_id"]) for call in lm.calls]
    assert sent == [(0.9, 0), (0.2, 1), (0.2, 2)]


@pytest.mark.fault(7)
def test_a_model_that_takes_no_temperature_is_sent_none_for_advice_either():
    lm = model(lambda m, p: reply(answer="a"))
    with context(lm=lm):
        best = Refine(Predict("q -> answer"), 2, judged, 1.0, schedule="none")(q="?")
    assert len(lm.calls) == 3
    assert {call.params.get("temperature") for call in lm.calls} == {None}
    assert [a.fixed_temperature for a in best.refinement.attempts] == [("self",)] * 2


@pytest.mark.parametrize("given", [{"hints": "reward"}, {"schedule": [0.1]}])
def test_hints_and_schedules_that_cannot_be_are_refused_when_refine_is_made(given):
    with pytest.raises(SpecError, match=r"hints must be|needed: 3; listed: 1"):
        Refine(Predict("q -> answer"), 3, judged, 1.0, **given)


def test_feedback_needs_no_model_for_advice():
    program = Predict("q -> answer")
    program.set_lm(answering("a", "b"))
    assert Refine(program, 2, judged, 1.0, hints="feedback")(q="?").answer == "a"


@pytest.mark.fault(50)
def test_a_run_records_its_feedback_as_hints_and_says_where_they_come_from(runs):
    run = ended(runs, replace(SPEC, hints="feedback"))
    attempts = run.timeline.attempts
    assert not any(a.advice for a in attempts)
    assert [dict(a.hints) for a in attempts[1:]] == [{"answer": "One word, please."}] * 2
    assert hint_source(run.timeline, attempts[1]) == "from the reward's feedback on attempt 1"
    assert (
        build_ledger(run.timeline)[1]
        .cells["hint"]
        .title.startswith("From the reward's feedback on attempt 1.")
    )


@pytest.mark.fault(7)
@pytest.mark.parametrize(
    "spec",
    [replace(SPEC, schedule=Schedule("none")), replace(SPEC, model=ModelSpec(temperature=None))],
    ids=["schedule", "emptied"],
)
def test_a_run_may_send_no_temperature_at_all(runs, spec):
    run = ended(runs, spec)
    assert {call.params.get("temperature") for call in run.timeline.calls} == {None}
    assert [a.fixed_temperature for a in run.timeline.attempts] == [("answer",)] * 3


SCHEDULES = {
    "dspy-2.6": (Schedule(), [0.0, 0.5, 0.5 + 0.5 / 3], [None] * 3),
    "dspy-3": (Schedule("dspy-3"), [1.0] * 3, [0, 1, 2]),
    "list": (Schedule.of([0.9, 0.2, 0.2]), [0.9, 0.2, 0.2], [0, 1, 2]),
    "none": (Schedule("none"), [None] * 3, [0, 1, 2]),
}


@pytest.mark.fault(50)
@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("hints", ["adviser", "feedback", "none"])
def test_every_source_of_hints_goes_with_every_schedule(runs, hints, schedule):
    by, expected, rollouts = SCHEDULES[schedule]
    run = ended(runs, replace(SPEC, hints=hints, schedule=by))
    calls = [call for call in run.timeline.calls if call.purpose == "predict"]
    assert [call.params.get("temperature") for call in calls] == pytest.approx(expected)
    assert [call.params.get("rollout_id") for call in calls] == rollouts
    asked = [a.advice.calls[0] for a in run.timeline.attempts if a.advice]
    assert len(asked) == (2 if hints == "adviser" else 0)
    assert {call.params.get("temperature") for call in asked} <= {None if schedule == "none" else 0.0}
    assert [bool(a.hints) for a in run.timeline.attempts] == [False, hints != "none", hints != "none"]
    assert (
        describe_settings(run.timeline).split(" · ")[0]
        == {
            "adviser": "Hints from an adviser",
            "feedback": "Hints from the reward's feedback",
            "none": "No hints",
        }[hints]
    )


@pytest.mark.fault(7)
@pytest.mark.parametrize("schedule", ["dspy-2.6", "dspy-3", "list", "none"])
def test_a_connection_without_temperature_is_sent_none_in_any_role(runs, schedule):
    with OpenAIServer(polite) as server:
        mine = ModelSpec(
            kind="litellm", model="openai/mine", api_base=server.url, cache=False, temperature=None
        )
        others = {role: replace(mine, model=f"openai/{role}") for role in ("adviser", "judge")}
        ended(runs, replace(SPEC, reward=JUDGED, model=mine, schedule=SCHEDULES[schedule][0], **others))
        sent = [(request.json["model"], "temperature" in request.json) for request in server.requests]
    assert set(sent) == {("mine", False), ("adviser", False), ("judge", False)}


@pytest.mark.fault(7)
def test_a_refused_temperature_is_known_before_the_next_run():
    refusal = status(400, "Only temperature=1 is allowed for this model.")
    with OpenAIServer(lambda body: refusal if "temperature" in body else polite(body)) as server:
        mine = ModelSpec(kind="litellm", model="openai/known", api_base=server.url, cache=False, retries=0)
        lm = connect(mine)
        assert supports_temperature(mine)
        lm("why?")
    assert not supports_temperature(mine)
    assert not supports_temperature(ModelSpec(temperature=None))


@pytest.mark.fault(7)
def test_each_role_learns_from_its_own_servers_refusal_of_a_temperature(runs):
    refusal = status(400, "Only temperature=1 is allowed for this model.")
    with OpenAIServer(lambda body: refusal if "temperature" in body else polite(body)) as server:
        mine = ModelSpec(kind="litellm", model="openai/first", api_base=server.url, cache=False, retries=0)
        others = {role: replace(mine, model=f"openai/{role}-2") for role in ("adviser", "judge")}
        run = ended(runs, replace(SPEC, reward=JUDGED, model=mine, **others))
        refused = [r.json["model"] for r in server.requests if "temperature" in r.json]
    assert sorted(refused) == ["adviser-2", "first", "judge-2"]
    assert [a.state for a in run.timeline.attempts] == ["scored"] * 3
    left_out = [retry.left_out for call in run.timeline.calls for retry in call.retries]
    assert left_out == [("temperature",)] * 3


@pytest.mark.parametrize(
    "spec",
    [
        replace(SPEC, hints="feedback", schedule=Schedule.of([0.9, 0.2, 0.2])),
        replace(SPEC, hints="none", schedule=Schedule("dspy-3")),
        replace(SPEC, schedule=Schedule("none"), advice_form="compact", advice_instructions="Be brief."),
    ],
    ids=["feedback", "none", "compact"],
)
def test_a_resumed_run_keeps_its_source_of_hints_and_its_schedule(runs, spec):
    whole = runs.events(ended(runs, spec).run_id)
    (first, *_) = [n for n, record in enumerate(whole) if isinstance(record.event, ev.RewardScored)]
    again = interrupted(whole[: first + 1])
    again.resume(whole[0].run_id)
    again.join(whole[0].run_id, 30)
    resumed = again.events(whole[0].run_id)
    again.close()
    assert went(resumed) == went(whole)
    assert [request.params for request in asked(resumed)] == [request.params for request in asked(whole)]


def asked(records):
    return [record.event for record in records if isinstance(record.event, ev.LMRequested)]


@pytest.mark.fault(7)
@pytest.mark.parametrize("schedule", ["dspy-2.6", "none"])
def test_a_model_made_with_temperature_none_is_never_sent_zero(schedule):
    lm = model(lambda m, p: reply(answer="a"))
    lm.kwargs["temperature"] = None
    with context(lm=lm):
        BestOfN(Predict("q -> answer"), 3, judged, 1.0, schedule=schedule)(q="?")
    assert [call.params.get("temperature") for call in lm.calls] == [None] * 3
    assert [call.params.get("rollout_id") for call in lm.calls] == [0, 1, 2]


@pytest.mark.parametrize(
    "spec",
    [
        replace(SPEC, schedule=Schedule.of([0.4, 0.4, 0.4])),
        replace(SPEC, schedule=Schedule("dspy-3"), hints="feedback"),
        replace(SPEC, schedule=Schedule("none"), adviser=ModelSpec(temperature=0.3)),
    ],
    ids=["list", "dspy-3", "none"],
)
def test_a_run_of_any_schedule_can_be_replayed(runs, spec):
    first = ended(runs, spec)
    again = run_to_end(runs, runs.replay(first.run_id, delay_s=0.0))
    assert [a.reward for a in again.timeline.attempts] == [a.reward for a in first.timeline.attempts]
    assert [a.outputs for a in again.timeline.attempts] == [a.outputs for a in first.timeline.attempts]


def test_the_new_fields_of_a_description_survive_the_log():
    spec = replace(
        SPEC,
        hints="feedback",
        schedule=Schedule.of([0, 0.5, 0.9]),
        advice_instructions="Be brief.",
        advice_form="compact",
        model=ModelSpec(temperature=None),
    )
    event = ev.RunStarted(spec, list_temperatures(spec), ("answer",), "0")
    assert decode(*encode(event)) == event


def test_a_description_without_the_new_fields_means_what_it_meant():
    event = ev.RunStarted(SPEC, list_temperatures(SPEC), ("answer",), "0")
    kind, version, text = encode(event)
    for name in ("hints", "schedule", "advice_instructions", "advice_form"):
        start = text.index(f',"{name}":')
        end = (
            text.index("}", start) + 1
            if name == "schedule"
            else text.index('"', text.index(":", start) + 2) + 1
        )
        text = text[:start] + text[end:]
    assert decode(kind, version, text) == event


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"hints": "reward"}, "hints"),
        ({"schedule": Schedule("list", (0.1,))}, "schedule"),
        ({"schedule": Schedule("warm")}, "schedule"),
        ({"advice_instructions": 3}, "advice_instructions"),
        ({"advice_form": "short"}, "advice_form"),
    ],
)
def test_a_description_with_a_wrong_choice_is_refused_by_its_field(changed, field):
    assert [problem.field for problem in find_problems(replace(SPEC, **changed))] == [field]


FIVE_LINES = replace(
    SPEC,
    reward=(
        "def reward(args, pred):\n"
        "    words = len(pred.answer.split())\n"
        "    if words > 1:\n"
        "        return Score(0.2, feedback=f'{words} words; one is wanted')\n"
        "    return 1.0\n"
    ),
)


@pytest.mark.fault(50)
def test_a_compact_request_for_advice_is_half_as_long_and_feedback_comes_first():
    full, compact = (
        preview_advice_prompt(replace(FIVE_LINES, advice_form=form)) for form in ("full", "compact")
    )
    assert estimate_tokens(compact) < 0.55 * estimate_tokens(full)
    assert compact[-1]["content"].startswith("[[ ## reward_feedback ## ]]")


@pytest.mark.fault(50)
def test_what_a_compact_request_leaves_out_is_marked():
    asked = replace(FIVE_LINES, advice_form="compact", inputs={"question": "long " * 5000})
    assert estimate_tokens(preview_advice_prompt(asked)) < 800
    assert "characters left out …]" in preview_advice_prompt(asked)[-1]["content"]


@pytest.mark.parametrize("compact", [False, True])
def test_the_advisers_instructions_can_be_replaced(compact):
    lm = model(lambda m, p: reply(answer="a"), lambda m: advice(self="be brief"))
    with context(lm=lm):
        best = Refine(
            Predict("q -> answer"),
            2,
            judged,
            1.0,
            advice_instructions="Speak of nothing but length.",
            compact_advice=compact,
        )(q="?")
    (request,) = [call.messages for call in lm.calls if asks_for_advice(call.messages)]
    assert "Speak of nothing but length." in request[0]["content"]
    assert ("reward_feedback" in request[0]["content"]) == compact
    assert best.refinement.attempts[1].hints == {"self": "be brief"}


@pytest.mark.parametrize("form", ["full", "compact"])
def test_the_preview_of_the_advice_request_is_what_is_sent(runs, form):
    spec = replace(FIVE_LINES, N=2, advice_form=form, advice_instructions="Be brief.")
    run = ended(runs, spec)
    (sent,) = run.timeline.attempts[0].advice.calls
    preview = preview_advice_prompt(spec)
    scored = run.timeline.attempts[0].score
    told = scored.feedback if form == "compact" else f"The reward says: {scored.feedback}"
    came = {"{answer}": run.timeline.attempts[0].outputs["answer"], "{reward}": "0.2", FEEDBACK: told}
    for name, value in came.items():
        preview[1]["content"] = preview[1]["content"].replace(name, value)
    assert [m["content"] for m in preview] == [m["content"] for m in sent.messages]


def test_the_preview_for_a_reward_without_feedback_shows_its_code_instead():
    plain_reward = replace(SPEC, reward="def reward(args, pred):\n    return 0.2\n", advice_form="compact")
    assert "reward_feedback" not in preview_advice_prompt(plain_reward)[0]["content"]
    assert "return 0.2" in preview_advice_prompt(plain_reward)[1]["content"]


@pytest.mark.parametrize(
    ("body", "may"),
    [
        ("return Score(1.0, 'why')", True),
        ("from refine_core import Score as S\n    return S(1.0, 'why')", True),
        ("pred.feedback = 'why'\n    return pred", True),
        ("return 1.0  # no feedback", False),
        ("'''Score without feedback.'''\n    return 1.0", False),
        ("return (", False),
    ],
)
def test_code_that_names_score_or_feedback_may_give_feedback(body, may):
    assert may_give_feedback(f"def reward(args, pred):\n    {body}\n") == may
