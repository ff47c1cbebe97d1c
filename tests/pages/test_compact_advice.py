"""Where a request for advice does not fit the adviser's model, the attempt offers the same run with a compact one."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pages.shared.attempt.compact_action import compact_offer
from refine_core import runs
from refine_core.programs import ModelSpec, ProgramSpec, StageSpec
from tests.openai_server import OpenAIServer
from tests.pages.run_page import open_run

REWARD = (
    "def reward(args, pred):\n    return Score(0.5, feedback='Name the river, too.')\n" + "    # why\n" * 200
)
CONTEXT = 700
REPLY = json.dumps(
    {"answer": "Paris", "discussion": "It lacks the river.", "advice": {"answer": "Name the river."}}
)


def count(body):
    """Four characters are a token here."""
    return {"input_tokens": sum(len(message["content"]) for message in body["messages"]) // 4}


@pytest.fixture
def too_small():
    """A run whose adviser takes 700 tokens: each attempt fits, and the request for advice does not."""
    runs.close()
    with OpenAIServer(REPLY) as server:
        server.sizes = {
            "/props": {"default_generation_settings": {"n_ctx": CONTEXT}},
            "/v1/chat/completions/input_tokens": count,
        }
        model = ModelSpec("litellm", "openai/tiny", server.url, cache=False, retries=0, reply_format="json")
        stages = (StageSpec("answer", "question -> answer"),)
        run_id = runs.start(ProgramSpec(stages, REWARD, {"question": "Which city?"}, N=2, model=model))
        runs.join(run_id, 100)  # litellm is loaded first
        yield run_id, server
    runs.close()


def test_the_request_fails_before_it_is_sent_and_the_next_attempt_goes_on(too_small):
    run_id, server = too_small
    first, second = runs.timeline(run_id).attempts
    assert (first.reward, second.reward) == (0.5, 0.5)
    assert first.advice.error.type == "LMPromptTooLongError"
    assert "takes 700 tokens in all" in first.advice.error.message
    assert len(server.requests) == 2


def test_the_offer_runs_it_again_with_a_compact_request_that_fits(too_small):
    run_id, _ = too_small
    app = open_run(run_id, attempt="1", tab="advice")
    app.session_state["attempt"] = {"asked": {"do": "act", "what": "compact-advice", "at": 1}}
    app.run()
    assert not app.exception
    newest = runs.recent(1)[0].run_id
    assert newest != run_id
    runs.join(newest, 60)
    timeline = runs.timeline(newest)
    assert (timeline.spec.advice_form, timeline.spec.change) == ("compact", "compact advice request")
    assert timeline.attempts[0].advice.hints == {"answer": "Name the river."}


def test_only_advice_that_was_too_long_is_offered_a_compact_request(too_small):
    run_id, _ = too_small
    timeline = runs.timeline(run_id)
    advice = timeline.attempts[0].advice
    (offer,) = compact_offer(timeline, advice)
    assert offer.actions == [("compact-advice", "Run again with a compact request")]
    assert compact_offer(timeline, replace(advice, error=None)) == ()
    assert compact_offer(replace(timeline, spec=replace(timeline.spec, advice_form="compact")), advice) == ()
