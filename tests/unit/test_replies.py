"""Replies as models write them: what was thought is no answer, and what was cut off is none either."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refine_core import (
    Adapter,
    ChatAdapter,
    JSONAdapter,
    MemoryStore,
    ModelSpec,
    Predict,
    ProgramSpec,
    ScriptedLM,
    Signature,
    StageSpec,
    context,
)
from refine_core.reasoning import split_reasoning
from refine_core.runs import Credentials, Runs
from tests.openai_server import Answer, OpenAIServer, delta
from tests.unit.test_runs import finished

CITY = Signature("question -> answer")
DRAFT, DRAFTED = "[[ ## answer ## ]]\nParis\nno.\n", '{"answer": "Paris"} no.\n'
MEANT, MEANT_AS_JSON = "[[ ## answer ## ]]\nBrussels\n\n[[ ## completed ## ]]", '{"answer": "Brussels"}'
FORMATS = [(ChatAdapter(), DRAFT, MEANT), (JSONAdapter(), DRAFTED, MEANT_AS_JSON)]

THINKING = [
    "<think>{}</think>",
    "<think>\n{}\n</think>\n\n",
    "{}</think>\n",
    "hm, perhaps\n</think>",
    "\ufeff <THINKING>{}</Thinking>",
    "Sure, let me see. <reasoning>{}</reasoning>\n",
    "[THINK]{}[/THINK]",
    "<think>a <think>b</think> {}</think>",
    "<think>a</think>{}</think>",
    "<think>one</think>\n<think>{}</think>",
    "<think>I know <think> and {}</think>",
    "<|channel|>analysis<|message|>{}<|end|><|start|>assistant<|channel|>final<|message|>",
]


@pytest.mark.fault(1)
@pytest.mark.parametrize(("adapter", "draft", "meant"), FORMATS)
@pytest.mark.parametrize("tag", THINKING)
def test_a_draft_in_the_reasoning_is_no_answer(adapter, draft, meant, tag):
    reply = tag.replace("{}", draft) + meant
    assert adapter.parse(CITY, reply) == {"answer": "Brussels"}
    thought, answer = split_reasoning(reply)
    assert thought
    assert "Paris" not in answer
    assert split_reasoning(answer) == ("", answer)


@pytest.mark.fault(1)
@pytest.mark.parametrize(("adapter", "draft"), [(a, draft) for a, draft, _ in FORMATS])
def test_reasoning_without_an_end_holds_no_answer(adapter, draft):
    with pytest.raises(ValueError, match="no field 'answer'"):
        adapter.parse(CITY, f"<think>{draft}")


LITERAL = [
    "<think> opens it",
    "use <think>…</think>",
    "it ends in </think> always",
    "</think>",
    "a </think> {b}",
]


@pytest.mark.fault(1)
@pytest.mark.parametrize("value", LITERAL)
def test_a_tag_within_a_value_is_left_alone(value):
    both = Signature("question -> answer, score: int")
    chat = f"<think>a tag</think>[[ ## answer ## ]]\n{value}\n[[ ## score ## ]]\n1\n[[ ## completed ## ]]"
    for text in (chat, chat.partition("</think>")[2]):
        assert ChatAdapter().parse(both, text) == {"answer": value, "score": 1}
    text = json.dumps({"answer": value, "score": 1})
    assert JSONAdapter().parse(both, text) == {"answer": value, "score": 1}


class Plain(Adapter):
    """A user's own adapter."""

    def format(self, signature, demos, inputs):
        return [{"role": "user", "content": str(inputs)}]

    def parse(self, signature, completion):
        return {"answer": completion.strip()}


@pytest.mark.fault(1)
def test_a_users_own_adapter_reads_the_answer_alone():
    """The history keeps the reply as it came."""
    lm = ScriptedLM(["<think>Paris?</think>Brussels"])
    with context(lm=lm, adapter=Plain()):
        assert Predict(CITY)(question="?").answer == "Brussels"
    assert lm.history[-1]["outputs"] == ["<think>Paris?</think>Brussels"]


REWARD = "def reward(args, pred):\n    return float(pred.answer == 'Brussels')\n"


@pytest.fixture
def served():
    """A run asked of a real server, streamed, as the app asks; the last reply is repeated."""
    runs = Runs(MemoryStore())

    def run(*answers, **fields):
        with OpenAIServer(default=answers[-1]) as server:
            server.script(*answers[:-1])
            model = ModelSpec("litellm", "openai/tiny", api_base=server.url)
            stage = StageSpec("answer", "question -> answer")
            spec = ProgramSpec((stage,), REWARD, {"question": "The capital?"}, model=model)
            made = finished(
                runs,
                runs.start(replace(spec, **{"N": 1, **fields}), Credentials({"model": "a-key-for-tests"})),
            )
            return made.line, server

    yield run
    runs.close()


@pytest.mark.fault(1)
def test_a_streamed_draft_in_the_reasoning_is_shown_apart_and_not_scored(served):
    text = f"<think>\n{DRAFT}</think>\n{MEANT}"
    pieces = tuple(delta(text[i : i + 7]) for i in range(0, len(text), 7))
    line, _ = served(Answer(text, events=(*pieces, delta(finish_reason="stop"), "[DONE]")))
    (attempt,) = line.attempts
    assert (attempt.outputs, attempt.reward) == ({"answer": "Brussels"}, 1.0)
    (call,) = attempt.predictors[0].calls
    assert call.reply.text == text
    assert call.reply.reasoning == DRAFT.strip()
    assert call.said == (DRAFT.strip(), f"\n{MEANT}")


@pytest.mark.fault(1)
def test_reasoning_that_the_server_sends_apart_is_kept(served):
    line, _ = served(
        Answer(message={"role": "assistant", "content": MEANT, "reasoning_content": "Paris? No."})
    )
    (call,) = line.attempts[0].predictors[0].calls
    assert (call.reply.text, call.reply.reasoning) == (MEANT, "Paris? No.")
    assert call.said == ("Paris? No.", MEANT)


PIECES = st.sampled_from(
    [
        "<think>",
        "</think>",
        "[THINK]",
        "[/THINK]",
        "<reasoning>",
        "[[ ## answer ## ]]",
        '{"a": 1}',
        "{",
        "x",
        "\n",
        " ",
    ]
)


@pytest.mark.fault(1)
@given(st.lists(PIECES, max_size=14).map("".join))
def test_splitting_an_answer_once_more_changes_nothing(reply):
    _, answer = split_reasoning(reply)
    assert split_reasoning(answer) == ("", answer)


@pytest.mark.fault(1)
@pytest.mark.parametrize(
    "piece", ["<think>", "</think>", "<think>x</think>\n", "a</think>{'", "<think ", "[[ ## "]
)
def test_a_long_reply_of_tags_is_read_in_linear_time(piece):
    """A megabyte of them; what is quadratic takes minutes."""
    started_s = time.process_time()
    split_reasoning(f"<think>{piece * (1_000_000 // len(piece))}</think>{MEANT}")
    assert time.process_time() - started_s < 3
