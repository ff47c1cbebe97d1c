"""What we send and read agrees with litellm's own proxy server, and our own misbehaving server agrees with it, too."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest

from refine_core import LM, ModelSpec, ProgramSpec, StageSpec
from refine_core import events as ev
from refine_core.concurrency.flows import run
from refine_core.connections import start_check, wait_for_check
from refine_core.errors import LMError, LMKeyError, LMNotFoundError, LMRateLimitError, LMUnavailableError
from refine_core.runs import Credentials, Runs
from refine_core.store import open_store
from tests.openai_server import OpenAIServer
from tests.proxy.conftest import ANSWER, KEY, REFUSALS

ASK = [{"role": "user", "content": "What is the capital of Belgium?"}]
REWARD = (
    "def reward(args, pred):\n"
    "    return judge('question, answer -> score: float', question=args['question'], answer=pred.answer)['score']\n"
)


def lm(proxy, model, **given):
    return LM(
        model,
        api_base=proxy.url,
        **{"api_key": KEY, "num_retries": 1, "timeout_s": 30, "cache": False, **given},
    )


def test_a_whole_reply_with_its_tokens(proxy):
    reply = lm(proxy, "answers").complete(ASK, {})
    assert reply.text == ANSWER
    assert reply.finish_reason == "stop"
    assert reply.usage.prompt_tokens > 0
    assert reply.usage.completion_tokens > 0


@pytest.mark.parametrize(("model", "tellings"), [("answers", 1), ("writes", 5)])
def test_a_streamed_reply_grows_and_is_the_same(proxy, model, tellings):
    """Its mock reply comes in one burst; a provider's comes as it is written, here in a second."""
    seen = []
    reply = run(lm(proxy, model).flow(ASK, {}, on_text=seen.append))
    assert reply.text == ANSWER
    assert reply.usage.prompt_tokens > 0
    assert reply.usage.completion_tokens > 0
    assert len(seen) >= tellings
    assert all(ANSWER.startswith(text) for text in seen)
    assert seen == sorted(seen, key=len)
    assert seen[-1] == ANSWER


def test_an_unknown_key_is_refused_in_its_own_words_without_the_key(proxy):
    """Without a database it cannot look keys up, and says so (400)."""
    with pytest.raises(LMError, match="No connected db") as refused:
        lm(proxy, "answers", api_key="sk-of-nobody").complete(ASK, {})
    assert "sk-of-nobody" not in str(refused.value)
    assert not refused.value.retryable


def test_an_unknown_model_is_an_error_that_names_it_and_is_not_tried_again(proxy):
    retries = []
    with pytest.raises(LMError, match="nowhere") as unknown:
        lm(proxy, "nowhere").complete(ASK, {}, on_retry=lambda *what: retries.append(what))
    assert not unknown.value.retryable
    assert retries == []


@pytest.mark.parametrize(("model", "error"), [("limits", LMRateLimitError), ("breaks", LMUnavailableError)])
def test_its_passing_failures_are_tried_again(proxy, model, error):
    retries = []
    with pytest.raises(error):
        lm(proxy, model).complete(ASK, {}, on_retry=lambda *what: retries.append(what))
    assert [ordinal for ordinal, _, _ in retries] == [1]


@pytest.mark.parametrize(("model", "error"), [("barred", LMKeyError), ("gone", LMNotFoundError)])
@pytest.mark.parametrize("on_text", [None, lambda _: None], ids=["plain", "streamed"])
def test_a_refusal_that_it_passes_on_is_told_by_its_kind_and_not_tried_again(proxy, model, error, on_text):
    retries = []
    with pytest.raises(error):
        run(lm(proxy, model).flow(ASK, {}, on_retry=lambda *what: retries.append(what), on_text=on_text))
    assert retries == []


def test_a_whole_run_with_an_adviser_and_a_judge_on_it(proxy, tmp_path):
    def model(name):
        return ModelSpec(kind="litellm", model=name, api_base=proxy.url, cache=False)

    spec = ProgramSpec(
        (StageSpec("answer", "question -> answer"),),
        REWARD,
        {"question": "What is the capital of Belgium?"},
        N=3,
        threshold=1.0,
        model=model("answers"),
        adviser=model("advises"),
        judge=model("judges"),
    )
    runs = Runs(open_store(tmp_path))
    run_id = runs.start(spec, Credentials(dict.fromkeys(("model", "adviser", "judge"), KEY)))
    runs.join(run_id, 90)
    made = runs.get(run_id)
    records = runs.events(run_id)
    runs.close()
    assert [a.reward for a in made.timeline.attempts] == [0.4, 0.4, 0.4]
    assert [dict(a.hints) for a in made.timeline.attempts] == [{}, *[{"answer": "One word is enough."}] * 2]
    assert made.timeline.end.reason == "attempts_used_up"
    kinds = [type(r.event) for r in records]
    assert kinds.count(ev.LMReplied) == kinds.count(ev.LMRequested) == 3 + 3 + 2
    assert {c.purpose for c in made.timeline.calls} == {"predict", "judge", "advice"}
    written = [file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()]
    assert any(b"Brussels" in each for each in written), "the store's files are read as they are"
    assert not any(KEY.encode() in each for each in written)


def tried(proxy, model, key):
    """What the Models page's test says: verdict and words by what was looked at."""
    spec = ModelSpec("litellm", model=f"openai/{model}", api_base=proxy.url)
    seen = wait_for_check(start_check(spec, key, limit_s=60), 90)
    return {found.what: (found.verdict, found.words) for found in seen.findings}


def failing(found):
    return [what for what, (verdict, _) in found.items() if verdict == "fails"]


def test_a_test_says_that_key_model_and_stream_work(proxy):
    found = tried(proxy, "writes", KEY)
    assert {found[what][0] for what in ("Base URL", "Key", "Model", "Reply", "Streaming")} == {"works"}
    assert "without it, the server refuses" in found["Key"][1]


@pytest.mark.parametrize(
    ("key", "hint"), [("sk-of-nobody", "the key is the likeliest cause"), (None, "requires an API key")]
)
def test_a_test_suspects_the_key_where_nothing_is_answered(proxy, key, hint):
    found = tried(proxy, "answers", key)
    assert failing(found) == ["Reply"]
    assert hint in found["Key"][1]
    assert "sk-of-nobody" not in repr(found)


def test_a_test_says_that_it_is_the_model_by_the_name_that_was_typed(proxy):
    found = tried(proxy, "answer", KEY)
    assert failing(found) == ["Model"]
    assert found["Model"][1].startswith(
        "'answer' is not among the models that the server lists. Did you mean 'answers'"
    )
    assert "openai/answer" not in repr(found)


def post(url, body, key=KEY):
    """Status and text of a chat request."""
    known = {} if key is None else {"Authorization": f"Bearer {key}"}
    asked = urllib.request.Request(
        f"{url}/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json", **known}
    )
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def chunks(text):
    return [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: {")]


def shape(value):
    """Keys and kinds; of a list, those of its first item."""
    match value:
        case dict():
            return {name: shape(one) for name, one in value.items()}
        case list():
            return [shape(value[0])] if value else []
        case bool() | None:
            return type(value).__name__
        case int() | float():
            return "number"
        case _:
            return type(value).__name__


def lacks(ours, theirs, path=""):
    """What ours has and theirs has not, or has of another kind; what they add is their own."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name, one in ours.items():
            if name not in theirs:
                yield f"{path}.{name}"
            else:
                yield from lacks(one, theirs[name], f"{path}.{name}")
    elif isinstance(ours, list) and isinstance(theirs, list) and ours and theirs:
        yield from lacks(ours[0], theirs[0], f"{path}[]")
    elif ours != theirs:
        yield f"{path}: {ours} and {theirs}"


def test_our_own_servers_replies_have_the_shape_of_the_proxys(proxy):
    body = {"model": "answers", "messages": ASK}
    with OpenAIServer(ANSWER, key=KEY) as ours:
        (_, mine), (_, theirs) = post(ours.url, body), post(proxy.url, body)
    assert list(lacks(shape(json.loads(mine)), shape(json.loads(theirs)))) == []


def test_our_own_servers_streams_have_the_shape_of_the_proxys(proxy):
    body = {"model": "answers", "messages": ASK, "stream": True, "stream_options": {"include_usage": True}}
    with OpenAIServer(ANSWER, key=KEY) as ours:
        (_, mine), (_, theirs) = post(ours.url, body), post(proxy.url, body)
    for text in (mine, theirs):
        assert text.rstrip().endswith("data: [DONE]")

    def with_text(text):
        return next(c for c in chunks(text) if c["choices"] and c["choices"][0]["delta"].get("content"))

    missing = list(lacks(shape(with_text(mine)), shape(with_text(theirs))))
    assert [one for one in missing if "finish_reason" not in one] == [], "None may be left out there"

    def said(text):
        return "".join(c["choices"][0]["delta"].get("content") or "" for c in chunks(text) if c["choices"])

    assert said(mine) == said(theirs) == ANSWER
    assert [any(c.get("usage") for c in chunks(text)) for text in (mine, theirs)] == [True, True]


@pytest.mark.parametrize("model", REFUSALS)
def test_our_own_servers_errors_have_the_shape_of_the_proxys(proxy, provider, model):
    body = {"model": model, "messages": ASK}
    mine, theirs = post(provider.url, body), post(proxy.url, body)
    assert mine[0] == theirs[0] == REFUSALS[model].status
    assert list(lacks(shape(json.loads(mine[1])), shape(json.loads(theirs[1])))) == []
