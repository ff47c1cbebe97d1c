"""Parameters that nobody asked for, and that a server refuses: left out, remembered, and told truthfully."""

from __future__ import annotations

from dataclasses import replace

import pytest

from refine_core import ModelSpec, ProgramSpec, StageSpec
from refine_core.concurrency.flows import run
from refine_core.errors import LMRefusedError
from refine_core.lm import LM
from refine_core.lm.replay import replay_spec
from refine_core.runs import Credentials, Runs
from refine_core.store import open_store
from tests.failures.table import close_clients
from tests.openai_server import Answer, OpenAIServer, polite, status
from tests.threads import run_to_end

ASK = [{"role": "user", "content": "why?"}]
REFUSALS = {
    "by param": status(400, "Unsupported value.", param="temperature"),
    "in words": status(400, "Only temperature=1 is allowed for this model."),
    "as FastAPI does": Answer(
        status=422, raw=b'{"detail": [{"loc": ["body", "temperature"], "msg": "must be 1", "type": "v"}]}'
    ),
    "in place of a reply": Answer(raw=b'{"error": {"message": "temperature must be 1", "code": 400}}'),
    "as what cannot be done": status(501, "temperature is not implemented"),
    "as a text": Answer(status=400, raw=b"Unsupported value: 'temperature' does not support 0"),
}


@pytest.fixture(scope="module", autouse=True)
def _clients_are_closed():
    yield
    close_clients()


def only_one(refusal):
    """A server that takes temperature 1 alone."""
    return lambda body: refusal if body.get("temperature", 1) != 1 else polite(body)


@pytest.fixture(params=REFUSALS)
def server(request):
    with OpenAIServer(only_one(REFUSALS[request.param])) as alive:
        yield alive


def sent(server):
    return [request.json.get("temperature") for request in server.requests]


@pytest.mark.fault(7)
def test_a_temperature_nobody_chose_is_left_out_once_refused(server):
    """It is asked again at once, told as a retry, and not sent again in this process."""
    lm, told = LM("openai/my-deployment", api_base=server.url, num_retries=0), []
    for _ in range(2):
        run(lm.flow(ASK, lm.kwargs, on_retry=lambda *what: told.append(what)))
    assert sent(server) == [0.0, None, None]
    assert [(wait_s, error.left_out) for _, wait_s, error in told] == [(0.0, ("temperature",))]
    assert not LM("openai/my-deployment", api_base=server.url).supports("temperature")


@pytest.mark.fault(7)
def test_a_temperature_that_was_chosen_and_is_refused_is_an_error(server):
    for lm, params in (
        (LM("m", api_base=server.url, temperature=0.3), {}),
        (LM("m", api_base=server.url), {"temperature": 0.3}),
    ):
        with pytest.raises(LMRefusedError, match="temperature"):
            lm("why?", **params)
    assert sent(server) == [0.3, 0.3]


@pytest.mark.fault(7)
def test_attempts_after_a_refused_temperature_have_rollout_ids(server, tmp_path):
    """Program and adviser alike; the record of the first attempt says that none was sent, and the replay agrees."""
    model = ModelSpec(kind="litellm", model="openai/mine", api_base=server.url, cache=False, retries=0)
    reward = "def reward(args, pred):\n    return 0.5\n"
    spec = ProgramSpec(
        (StageSpec("answer", "question -> answer"),), reward, {"question": "Why?"}, N=3, model=model
    )
    runs = Runs(open_store(tmp_path))
    try:
        line = ended(runs, runs.start(spec, Credentials())).timeline
        again = ended(
            runs, runs.start(replace(spec, model=replay_spec(model, line.run_id)), Credentials())
        ).timeline
    finally:
        runs.close()
    assert sent(server) == [0.0, None, None, None, None, None]  # three attempts, advice after two
    for told in (line, again):
        assert [attempt.fixed_temperature for attempt in told.attempts] == [("answer",)] * 3
        assert [call.params.get("temperature") for call in told.calls] == [None] * 5
        assert [call.params.get("rollout_id") for call in told.calls if call.purpose == "predict"] == [
            None,
            1,
            2,
        ]


def ended(runs, run_id):
    run = run_to_end(runs, run_id, within_s=60)
    assert [attempt.state for attempt in run.timeline.attempts] == ["scored"] * 3, run.stop_summary
    return run


@pytest.mark.fault(7)
def test_a_limit_goes_by_the_name_that_the_server_takes():
    words = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    refusing = lambda body: status(400, words, param="max_tokens") if "max_tokens" in body else "yes"  # noqa: E731
    with OpenAIServer(refusing) as server:
        lm = LM("mine", api_base=server.url, max_tokens=9, cache=False)
        assert (lm("a"), lm("b")) == (["yes"], ["yes"])
        asked = [(r.json.get("max_tokens"), r.json.get("max_completion_tokens")) for r in server.requests]
    assert asked == [(9, None), (None, 9), (None, 9)]


@pytest.mark.fault(7)
def test_what_is_refused_for_another_reason_too_is_not_remembered():
    with OpenAIServer(lambda _: status(400, "No temperature, and nothing else.")) as server:
        lm = LM("mine", api_base=server.url)
        with pytest.raises(LMRefusedError):
            lm("why?")
        assert sent(server) == [0.0, None]
        assert lm.supports("temperature")
