"""Which reply format a model is asked for: schemas, what a server refuses, and what the process remembers."""

from __future__ import annotations

import dataclasses
import json
from decimal import Decimal
from enum import Enum
from typing import Any, Literal, NamedTuple, Optional

import pydantic
import pytest
from typing_extensions import TypedDict

from refine_core import (
    LM,
    AutoAdapter,
    ChatAdapter,
    Collector,
    JSONAdapter,
    JSONSchemaAdapter,
    ModelSpec,
    OutputField,
    ParseError,
    Predict,
    Refine,
    ScriptedLM,
    Signature,
    context,
)
from refine_core.adapters import adapter_for
from refine_core.adapters.schemas import build_reply_schema
from refine_core.connect import connect
from refine_core.errors import LMRefusedError
from refine_core.events import LMFailed, LMRequested
from refine_core.log.scope import Scope, use_scope
from refine_core.runs import Runs
from refine_core.store import MemoryStore
from tests.one_stage import one_stage
from tests.openai_server import OpenAIServer, choosy, polite, sample_of, status
from tests.threads import run_to_end

QA = Predict("question -> answer, sure: bool")


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


class Part(pydantic.BaseModel):
    name: str = "unnamed"
    sizes: list[Size] = []


class Tree(pydantic.BaseModel):
    label: str
    children: list[Tree] = []


class Where(TypedDict, total=False):
    city: str


class Pair(NamedTuple):
    number: int
    word: str


@dataclasses.dataclass
class Box:
    width: float
    inner: Optional[Box] = None


def formats_asked(server):
    """The kind of response format of each request for a chat reply, in order."""
    return [
        (r.json.get("response_format") or {}).get("type") for r in server.requests if "messages" in r.json
    ]


def ask(server, reply_format, predict=QA, **params):
    lm = LM("tiny", api_base=server.url, cache=False, num_retries=3, reply_format=reply_format)
    return predict(lm=lm, question="Why?", **params)


# The schema


def test_a_schema_requires_every_output_and_allows_nothing_else():
    signature = Signature("q -> reasoning, score: float, kind: Literal['a', 'b']")
    assert build_reply_schema(signature) == (
        {
            "type": "object",
            "properties": {
                "reasoning": {"type": "string"},
                "score": {"type": "number"},
                "kind": {"type": "string", "enum": ["a", "b"]},
            },
            "required": ["reasoning", "score", "kind"],
            "additionalProperties": False,
        },
        True,
    )


@pytest.mark.parametrize(
    "kind",
    [str, int, float, bool, list[int], set[str], tuple[int, str], tuple[int, ...], Literal[1, "a"], Literal["x"],
     Optional[int], Size, Part, list[Part], Tree, Box, Where, Pair, Decimal, int | list[str],
     dict[str, int], dict, list, Any, object, bytes, list[dict[str, Any]]],
)  # fmt: skip
def test_every_type_gets_a_schema_of_keywords_that_servers_know(kind):
    signature = Signature({"q": (str, OutputField()), "out": (kind, OutputField(desc="what it is"))})
    schema, strict = build_reply_schema(signature)
    known = {"type", "description", "enum", "properties", "required", "additionalProperties", "items", "anyOf",
             "$ref", "$defs"}  # fmt: skip

    def check(one):
        if one is True:
            return
        assert set(one) <= known
        for inner in (
            *one.get("properties", {}).values(),
            *one.get("$defs", {}).values(),
            *one.get("anyOf", ()),
        ):
            check(inner)
        if "items" in one:
            check(one["items"])
        if one.get("type") == "object" and strict:
            assert one["additionalProperties"] is False
            assert one["required"] == [*one["properties"]]
        if strict:
            assert one.keys() & {"type", "anyOf", "$ref"}

    check(schema)
    json.dumps(schema)


@pytest.mark.parametrize("kind", [Tree, Box, Part, Optional[Size], Literal[2, 3], list[int]])
def test_what_fits_the_schema_can_be_read(kind):
    signature = Signature({"q": (str, OutputField()), "out": (kind, OutputField())})
    schema, strict = build_reply_schema(signature)
    assert strict
    JSONSchemaAdapter().parse(signature, json.dumps(sample_of(schema)))


@pytest.mark.parametrize("kind", [dict[str, int], dict, Any, list[dict[str, str]]])
def test_open_keys_make_a_schema_that_is_not_strict(kind):
    assert build_reply_schema(Signature({"out": (kind, OutputField())}))[1] is False


def test_the_request_carries_the_schema_and_the_prompt_may_show_no_template():
    signature = Signature("q -> a: int")
    schema_adapter = JSONSchemaAdapter()
    sent = schema_adapter.params(signature, lambda name: name == "response_format")["response_format"]
    assert sent["type"] == "json_schema"
    assert sent["json_schema"]["strict"] is True
    assert sent["json_schema"]["schema"]["required"] == ["a"]
    assert schema_adapter.params(signature, lambda _: False) == {}
    assert schema_adapter.format(signature, [], {"q": "x"}) == JSONAdapter().format(signature, [], {"q": "x"})
    (system, *rest), (as_json, *others) = (
        adapter.format(signature, [], {"q": "x"}) for adapter in (adapter_for("json_schema"), JSONAdapter())
    )
    assert rest == others
    template = as_json["content"].partition("JSON object")[2].partition("The objective")[0]
    assert template.startswith(" with these fields:\n\n{")
    assert system["content"] == as_json["content"].replace(template, ".\n\n")


# What a server refuses


@pytest.mark.fault(48)
@pytest.mark.parametrize("prefix", ["openai/", "hosted_vllm/", "lm_studio/"])
def test_a_model_that_keeps_no_chat_format_answers_by_schema(prefix):
    with OpenAIServer(choosy(supports=["json_schema"], obeys=["json_schema"])) as server:
        lm = LM(f"{prefix}tiny", api_base=server.url, cache=False, reply_format="json_schema")
        assert QA(lm=lm, question="Why?").toDict() == {"answer": "constrained", "sure": True}
        assert formats_asked(server) == ["json_schema"]
        assert server.requests[0].json["response_format"]["json_schema"]["schema"]["required"] == [
            "answer",
            "sure",
        ]


@pytest.mark.fault(8)
def test_a_refused_response_format_is_left_out_and_the_reply_read():
    with OpenAIServer(
        choosy(keeps=["json"])
    ) as server:  # refuses every format, as LM Studio does json_object
        assert "answer" in ask(server, "json")
        assert "answer" in ask(server, "json")
        assert formats_asked(server) == ["json_object", None, None]


@pytest.mark.fault(8)
@pytest.mark.parametrize("reply_format", ["chat", "auto"])
def test_a_refusal_of_the_second_asking_does_not_hide_the_parse_error(reply_format):
    refuse = status(400, "'response_format.type' must be 'text'")
    with OpenAIServer(lambda body: refuse if "JSON" in str(body["messages"][-1]) else "ramble") as server:
        with pytest.raises(ParseError, match="no fields 'answer', 'sure'") as caught:
            ask(server, reply_format)
        assert caught.value.reply == "ramble"
        assert isinstance(caught.value.__cause__, LMRefusedError)


@pytest.mark.fault(8)
def test_where_less_is_refused_too_the_first_refusal_is_raised():
    refusals = [status(400, f"refused, {n}") for n in ("first", "second", "third")]
    with OpenAIServer() as server:
        server.script(*refusals)
        with pytest.raises(LMRefusedError, match="refused, first"):
            ask(server, "json_schema")
        assert formats_asked(server) == ["json_schema", "json_object", None]
        server.default = polite  # and nothing was learned of the formats
        ask(server, "json_schema")
        assert formats_asked(server)[-1] == "json_schema"


@pytest.mark.fault(48)
@pytest.mark.parametrize("code", [400, 422, 501, 500])
def test_a_server_without_schemas_is_asked_for_a_json_object_and_once_only(code):
    served = choosy(supports=["json_object"], obeys=["json_object"])

    def serve(body):
        if (body.get("response_format") or {}).get("type") == "json_schema":
            return status(code, "json_schema is not supported here")
        return served(body)

    with OpenAIServer(serve) as server:
        ask(server, "json_schema")
        ask(server, "json_schema", Predict("question -> other"))
        assert formats_asked(server) == ["json_schema", "json_object", "json_object"]


@pytest.mark.fault(48)
def test_a_server_that_takes_schemas_may_refuse_one_and_is_asked_by_others():
    served = choosy(supports=["json_schema", "json_object"], obeys=["json_schema", "json_object"])

    def serve(body):
        if "unwelcome" in str(body.get("response_format")):
            return status(400, "Invalid schema for response_format 'reply'")
        return served(body)

    with OpenAIServer(serve) as server:
        for predict in (Predict("question -> unwelcome"), QA, Predict("question -> unwelcome")):
            ask(server, "json_schema", predict)
        assert formats_asked(server) == ["json_schema", "json_object", "json_schema", "json_object"]


def test_what_one_model_refuses_another_at_the_same_server_is_asked():
    with OpenAIServer(choosy(keeps=["json"])) as server:
        for model in ("tiny", "tiny", "large"):
            lm = LM(model, api_base=server.url, cache=False, reply_format="json")
            QA(lm=lm, question="Why?")
        assert formats_asked(server) == ["json_object", None, None, "json_object", None]


def test_a_refusal_costs_no_retry_and_is_in_the_log():
    facts = Collector()
    with (
        OpenAIServer(choosy(supports=["json_object"], obeys=["json_object"])) as server,
        use_scope(Scope((facts,))),
    ):
        ask(server, "json_schema")
    kinds = [type(event).kind for event in facts.events if event.kind.startswith("lm_")]
    assert kinds == ["lm_requested", "lm_failed", "lm_requested", "lm_replied"]
    asked = [e.params["response_format"]["type"] for e in facts.events if isinstance(e, LMRequested)]
    assert asked == ["json_schema", "json_object"]
    assert "must be 'json_object'" in next(e for e in facts.events if isinstance(e, LMFailed)).error.message


def test_a_refusal_of_a_reply_is_not_taken_for_one_of_its_format():
    with OpenAIServer() as server:
        server.script(status(413, "too long"))
        with pytest.raises(LMRefusedError, match="too long"):
            ask(server, "json_schema")
        assert formats_asked(server) == ["json_schema"]


def test_a_callers_own_response_format_is_sent_as_it_is():
    with OpenAIServer(choosy(keeps=["json"])) as server:
        with pytest.raises(LMRefusedError):
            ask(server, "json_schema", config={"response_format": {"type": "grammar"}})
        assert formats_asked(server) == ["grammar"]


# What the process learns


@pytest.mark.fault(48)
def test_a_model_that_kept_json_alone_is_asked_by_json_from_then_on():
    with OpenAIServer(choosy(supports=["json_schema"], obeys=["json_schema"])) as server:
        for _ in range(3):
            assert ask(server, "auto").sure is True
        assert formats_asked(server) == [None, "json_schema", "json_schema", "json_schema"]


def test_a_model_that_keeps_the_chat_format_is_asked_by_it():
    with OpenAIServer(choosy(supports=["json_schema"], keeps=["chat"])) as server:
        for _ in range(2):
            ask(server, "auto")
        assert formats_asked(server) == [None, None]


def test_where_json_fails_later_chat_is_tried_and_remembered():
    with OpenAIServer(choosy(supports=["json_schema"], obeys=["json_schema"])) as server:
        ask(server, "auto")
        server.default = choosy(supports=["json_schema"], keeps=["chat"])
        ask(server, "auto")
        ask(server, "auto")
        assert formats_asked(server) == [None, "json_schema", "json_schema", None, None]


def test_the_librarys_default_asks_by_chat_each_time_as_dspy_does():
    with OpenAIServer(choosy(supports=["json_object"], obeys=["json_object"])) as server:
        lm = LM("tiny", api_base=server.url, cache=False)
        for _ in range(2):
            QA(lm=lm, question="Why?")
        assert formats_asked(server) == [None, "json_object"] * 2


def test_a_configured_adapter_wins_over_the_models_own_format():
    with OpenAIServer(choosy(supports=["json_schema"], obeys=["json_schema"])) as server:
        with context(adapter=ChatAdapter(use_json_fallback=False)), pytest.raises(ParseError):
            ask(server, "json_schema")
        with context(adapter=AutoAdapter()):
            lm = LM("tiny", api_base=server.url, cache=False)
            assert QA(lm=lm, question="Why?").answer == "constrained"
        assert formats_asked(server) == [None, None, "json_schema"]


def test_a_models_format_is_checked_copied_and_dumped():
    with pytest.raises(ValueError, match="reply_format must be one of auto, chat, json, json_schema"):
        LM("openai/x", reply_format="xml")
    lm = LM("openai/x", reply_format="json_schema")
    assert lm.copy(temperature=1.0).reply_format == "json_schema"
    assert LM(**lm.dump_state()).reply_format == "json_schema"
    assert "reply_format" not in LM("openai/x").dump_state()
    assert connect(ModelSpec(kind="litellm", model="openai/x"), key="k").reply_format == "auto"


# Advice, and whole runs


@pytest.mark.fault(48)
def test_by_schema_advice_has_a_required_entry_for_each_predictor():
    lm = ScriptedLM(
        lambda messages, params: json.dumps(sample_of(params["response_format"]["json_schema"]["schema"])),
        supports=("temperature", "response_format"),
    )
    lm.reply_format = "json_schema"
    with context(lm=lm):
        Refine(QA, N=2, reward_fn=lambda args, pred: 0.5, threshold=1.0)(question="Why?")
    wished = lm.calls[1].params["response_format"]["json_schema"]
    assert wished["strict"] is True
    advice = wished["schema"]["properties"]["advice"]
    assert advice["required"] == ["self"]
    assert advice["additionalProperties"] is False
    assert "constrained" in lm.calls[2].messages[-1]["content"]  # the hint


@pytest.fixture
def runs():
    made = Runs(MemoryStore())
    yield made
    made.close()


def finished(runs, run_id):
    run = run_to_end(runs, run_id)
    assert run.state == "finished"
    return run


@pytest.mark.fault(48)
def test_a_run_that_learned_and_its_replay_ask_alike(runs):
    reward = "def reward(args, pred):\n    return 0.5\n"
    with OpenAIServer(choosy(supports=["json_object"], obeys=["json_object"])) as server:
        spec = one_stage(server, reward, question="Why?", N=3, cache=False)
        first = finished(runs, runs.start(spec))
        second = finished(runs, runs.start(spec))
    assert [a.state for a in first.timeline.attempts] == ["scored"] * 3
    told = [[c.reply_format for c in run.timeline.calls] for run in (first, second)]
    assert told[0] == ["chat", "JSON schema", *["JSON object"] * 5]
    assert told[1] == ["JSON object"] * 5
    for recorded in (first, second):
        again = finished(runs, runs.replay(recorded.run_id, delay_s=0.0))
        assert [c.reply_format for c in again.timeline.calls] == [
            c.reply_format for c in recorded.timeline.calls
        ]
        assert [a.outputs for a in again.timeline.attempts] == [a.outputs for a in recorded.timeline.attempts]
