"""Replies as models write them: what was thought is no answer, and what was cut off is none either."""

from __future__ import annotations

import contextlib
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refine_core import (
    LM,
    Adapter,
    ChatAdapter,
    JSONAdapter,
    MemoryStore,
    ParseError,
    Predict,
    Refine,
    ScriptedLM,
    Signature,
    context,
)
from refine_core.adapters import JSONSchemaAdapter
from refine_core.adapters.chat_sections import compile_exact_reply, find_sections
from refine_core.lm import Reply
from refine_core.reasoning import split_reasoning
from refine_core.runs import Runs
from refine_core.stop_summary import stop_summary
from tests.one_stage import run_one_stage
from tests.openai_server import Answer, OpenAIServer, delta

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
        return run_one_stage(runs, answers, **{"reward": REWARD, "question": "The capital?", **fields})

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
    assert call.reasoning_and_answer == (DRAFT.strip(), f"\n{MEANT}")


@pytest.mark.fault(1)
def test_reasoning_that_the_server_sends_apart_is_kept(served):
    line, _ = served(
        Answer(message={"role": "assistant", "content": MEANT, "reasoning_content": "Paris? No."})
    )
    (call,) = line.attempts[0].predictors[0].calls
    assert (call.reply.text, call.reply.reasoning) == (MEANT, "Paris? No.")
    assert call.reasoning_and_answer == ("Paris? No.", MEANT)


@pytest.mark.fault(1)
def test_a_reply_that_is_reasoning_alone_says_so():
    text = f"<think>\n{DRAFT}</think>\n\n"
    with (
        context(lm=ScriptedLM([text, text])),
        pytest.raises(ParseError, match="the reply holds only reasoning and no answer") as caught,
    ):
        Predict(CITY)(question="?")
    assert caught.value.reply == text


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


GRADE = Signature("question -> answer, score: float")
HELD = "[[ ## answer ## ]]\nBrussels\n\n[[ ## score ## ]]\n0."
CUT = [
    (ChatAdapter(), HELD),
    (ChatAdapter(), "[[ ## answer ## ]]\nBrus"),
    (ChatAdapter(), "[[ ## answer ## ]]\nBrussels\n\n[[ ## score ## ]]"),
    (ChatAdapter(), "<think>It is Brussels, with a score of 0."),
    (ChatAdapter(), "<think>so</think>" + HELD),
    (JSONAdapter(), '{"answer": "Brussels", "score": 0.'),
    (JSONAdapter(), '{"answer": "Brussels", "score": 0.5'),
    (JSONAdapter(), '```json\n{"answer": "Brussels {", "score": 0.5, "more": "a } b'),
    (JSONSchemaAdapter(), '{"score": 0.5, "answer": "Brus'),
]


@pytest.mark.fault(2)
@pytest.mark.parametrize("reason", ["length", "max_tokens", "MAX_TOKENS", "model_length"])
@pytest.mark.parametrize(("adapter", "text"), CUT)
def test_a_reply_cut_off_at_the_token_limit_is_refused_and_not_asked_for_again(adapter, text, reason):
    lm = ScriptedLM([Reply(text, finish_reason=reason)])
    lm.kwargs["max_tokens"] = 16
    with (
        context(lm=lm, adapter=adapter),
        pytest.raises(ParseError, match=r"cut off at the token limit.*Raise max tokens \(now 16\)"),
    ):
        Predict(GRADE)(question="?")
    assert len(lm.calls) == 1


WHOLE = [
    (ChatAdapter(), HELD + "5\n\n[[ ## completed ## ]]"),
    (ChatAdapter(), HELD + "5 [[ ## completed ## ]]"),
    (ChatAdapter(), HELD + "5\n\n[[ ## completed ## ]]\n\nLet me add that"),
    (ChatAdapter(), HELD + "5\n\n[[ ## question ## ]]\nAnd n"),
    (JSONAdapter(), '{"answer": "Brussels", "score": 0.5}'),
    (JSONAdapter(), "```json\n{'answer': 'Brussels', 'score': 0.5,}\n``"),
    (JSONAdapter(), '{"answer": "Brussels", "score": 0.5}\n\nLet me add that "it'),
]


@pytest.mark.fault(2)
@pytest.mark.parametrize(("adapter", "text"), WHOLE)
def test_a_reply_that_held_every_output_before_it_was_cut_off_is_read(adapter, text):
    with context(lm=ScriptedLM([Reply(text, finish_reason="length")]), adapter=adapter):
        assert Predict(GRADE)(question="?").toDict() == {"answer": "Brussels", "score": 0.5}


@pytest.mark.fault(2)
def test_a_model_that_rambled_until_it_was_cut_off_is_asked_for_json():
    """Nothing of the format was kept, so another format may help."""
    lm = ScriptedLM([Reply("Well, let me see", finish_reason="length"), '{"answer": "Brussels", "score": 1}'])
    with context(lm=lm):
        assert Predict(GRADE)(question="?").score == 1


@pytest.mark.fault(2)
def test_one_of_several_replies_that_was_cut_off_is_refused():
    lm = ScriptedLM([f"{HELD}5\n[[ ## completed ## ]]", Reply(HELD, finish_reason="length")])
    with context(lm=lm), pytest.raises(ParseError, match="cut off"):
        Predict(GRADE, n=2)(question="?")


@pytest.mark.fault(2)
def test_whole_replies_beside_one_without_a_reason_are_read():
    lm = ScriptedLM([Reply(MEANT, finish_reason="length"), MEANT])
    with context(lm=lm):
        assert Predict(CITY, n=2)(question="?").completions.answer == ["Brussels", "Brussels"]


@pytest.mark.fault(2)
def test_a_users_own_adapter_is_not_given_half_a_reply():
    lm = ScriptedLM([Reply("Brus", finish_reason="length")])
    wanted = pytest.raises(ParseError, match="cut off at the token limit, after 'Brus'")
    with context(lm=lm, adapter=Plain()), wanted:
        Predict(CITY)(question="?")


@pytest.mark.fault(2)
def test_a_model_that_goes_on_where_it_was_cut_off_is_read():
    """Its own `__call__` puts together what several calls said; the last one came to its end."""

    class Patient(ScriptedLM):
        def __call__(self, prompt=None, messages=None, **params):
            (first,) = super().__call__(prompt, messages, **params)
            (rest,) = super().__call__(prompt, messages, **params)
            return [first + rest]

    with context(lm=Patient([Reply(MEANT[:22], finish_reason="length"), MEANT[22:]])):
        assert Predict(CITY)(question="?").answer == "Brussels"


@pytest.mark.fault(2)
@pytest.mark.parametrize("streamed", [True, False])
def test_a_cut_off_reply_of_a_server_is_a_failed_attempt_that_says_what_to_do(served, streamed):
    text = "[[ ## answer ## ]]\nBrussels"
    line, server = served(Answer(text, finish_reason="length", streams=streamed))
    (attempt,) = line.attempts
    assert (attempt.state, attempt.reward) == ("failed", None)
    assert "cut off at the token limit, after 'Brussels'. Raise max tokens" in attempt.error.message
    assert (
        "the reply of 'answer' was cut off at the token limit, after 'Brussels'. Raise max tokens"
        in stop_summary(line)
    )
    assert len(server.requests) == 1


@pytest.mark.fault(2)
def test_a_whole_reply_that_a_server_cut_off_is_refused():
    """Asked by the library, which does not stream; and several at a time."""
    with OpenAIServer(default=Answer("[[ ## answer ## ]]\nBrussels", finish_reason="length")) as server:
        lm = LM("openai/tiny", api_base=server.url, api_key="a-key-for-tests", cache=False)
        for params in ({}, {"n": 2}):
            with context(lm=lm), pytest.raises(ParseError, match="cut off at the token limit"):
                Predict(CITY, **params)(question="?")


@pytest.mark.fault(2)
def test_advice_that_was_cut_off_is_no_advice():
    advice = "[[ ## discussion ## ]]\nd\n\n[[ ## advice ## ]]\n" + '{"self": "say Brus'
    lm = ScriptedLM([MEANT, Reply(advice, finish_reason="length"), MEANT])
    with context(lm=lm):
        best = Refine(Predict(CITY), N=2, reward_fn=lambda args, pred: 0.5, threshold=1)(question="?")
    assert best.refinement.hints == ({}, {})


@pytest.mark.fault(2)
def test_a_verdict_of_the_judge_that_was_cut_off_does_not_count(served):
    reward = "def reward(args, pred):\n    return judge('answer -> score: float', answer=pred.answer).score\n"
    verdict = Answer("[[ ## score ## ]]\n0.", finish_reason="length")
    line, server = served(Answer(MEANT), verdict, reward=reward)
    (attempt,) = line.attempts
    assert attempt.reward is None
    assert "cut off at the token limit" in attempt.error.message
    assert len(server.requests) == 2


REST = "\n\nLet me know if you need more!"
AROUND = [
    "[[ ## answer ## ]]\nBrussels [[ ## completed ## ]]" + REST,
    "[[ ## answer ## ]]\nBrussels[[ ## completed ## ]]",
    "[[ ## answer ## ]]\nBrussels [[ ## completed ## ]] Let me know.",
    "[[ ## answer ## ]]\nBrussels **[[ ## completed ## ]]**\n",
    "[[ ## answer ## ]]\nBrussels\n[[ ##completed## ]]" + REST,
    "[[ ## answer ## ]]\nBrussels\n**[[ ## Completed ## ]]**" + REST,
    "[[ ## answer ## ]]\nBrussels\n\n[[## question ##]]\nAnd of France?\n\n[[## answer ##]]\nParis",
    "[[ ## answer ## ]]\nBrussels<|im_end|>",
    "[[ ## answer ## ]]\nBrussels\n\n[[ ## completed ## ]]<|eot_id|>\n",
    "[[ ## answer ## ]]\nBrussels</s>",
    "[[ ## answer ## ]]\nBrussels<end_of_turn>\n<|im_end|>",
    "[[ ## answer ## ]]\nBrussels <\uff5cend\u2581of\u2581sentence\uff5c>",
    "[[ ## answer ## ]]\nBrussels [end of text]\n\n",
    "[[ ## answer ## ]]\nBrussels<|im_end|>\n<|im_start|>user\nAnd of France?<|im_end|>",
    "[[ ## answer ## ]]\nBrussels\n<|im_start|>user\nAnd of France?",
    "[[ ## answer ## ]]\nBrussels<|endoftext|>Human: and of France?",
    "\ufeff[[ ## answer ## ]]\nBrussels\n\n[[ ## completed ## ]]",
    "\u200b\ufeff[[ ## answer ## ]]\r\nBrussels\u200b\r\n",
    "[[ ## answer ## ]]: Brussels",
    "[[ ## answer ## ]]:\nBrussels",
    "```\n[[ ## answer ## ]]\nBrussels\n```",
    "Here:\n```text\n[[ ## answer ## ]]\nBrussels\n\n[[ ## completed ## ]]\n```\nDone.",
]


@pytest.mark.fault(3)
@pytest.mark.parametrize("reply", AROUND)
def test_what_stands_around_markers_is_no_part_of_a_value(reply):
    assert ChatAdapter().parse(CITY, reply) == {"answer": "Brussels"}


@pytest.mark.fault(3)
@pytest.mark.parametrize("reply", AROUND[:6])
def test_what_a_server_sends_behind_the_closing_marker_is_not_scored(served, reply):
    line, _ = served(Answer(reply))
    assert (line.attempts[0].outputs, line.attempts[0].reward) == ({"answer": "Brussels"}, 1.0)


KEPT = [
    "see [[ ## completed ## ]] below",
    "End with [[ ## completed ## ]], always.",
    "<s>old</s>",
    "the token <|im_end|> ends a turn",
    "<|im_end|>",
    "a list [[1, 2], [3]] and a [[link]] # heading",
    "```python\nprint(1)\n```",
    ":-) smile",
    "12:30",
    "[[answer]] is a link, {answer} a name",
]


@pytest.mark.fault(3)
@pytest.mark.parametrize("value", KEPT)
def test_a_value_that_looks_like_that_but_ends_as_it_should_is_kept(value):
    reply = f"[[ ## answer ## ]]\n{value}\n\n[[ ## completed ## ]]"
    assert ChatAdapter().parse(CITY, reply) == {"answer": value}


LOOSE = [
    "[[## answer ## ]]\nBrussels\n\n[[## score ## ]]\n5\n\n[[## completed ## ]]",
    "[[ ##answer## ]]\nBrussels\n[[ ##score## ]]\n5\n[[ ##completed## ]]\nDone!",
    "[[##answer##]] Brussels\n[[##score##]] 5",
    "[[ ## Answer ## ]]\nBrussels\n[[ ## SCORE ## ]]\n5",
    "- [[ ## answer ## ]]\nBrussels\n- [[ ## score ## ]]\n5",
    "> [[ ## answer ## ]]\nBrussels\n1. [[ ## score ## ]]\n5",
    "[[\u00a0## answer ##\u00a0]]\nBrussels\n[[ ##  score  ## ]]\n5",
    "**[[ ## answer ## ]]**: Brussels\n**[[ ## score ##]]** 5",
    "### [[ ## answer ## ]]\nBrussels\n###[[## score ##]]\n5",
    "[[ ## answer ## ]] Brussels [[ ## score ## ]] 5 [[ ## completed ## ]]",
    "[[ ## answer ## ]]\nBrussels [[ ## score ## ]]\n5",
    "[[ # answer # ]]\nBrussels\n[[ ### score ### ]]\n5",
    "[ ## answer ## ]\nBrussels\n[ ## score ## ]\n5",
    "[[ ## answer ]]\nBrussels\n[[ ## score ]]\n5",
    "[[answer]]\nBrussels\n[[score]]\n5\n[[completed]]",
    "\\[\\[ ## answer ## \\]\\]\nBrussels\n\\[\\[ ## score ## \\]\\]\n5",
    "[[ ## `answer` ## ]]\nBrussels\n[[ ## 'score' ## ]]\n5",
    "<think>[[## answer ##]] Paris</think>\n[[## answer ##]] Brussels\n[[## score ##]] 5",
]


@pytest.mark.fault(47)
@pytest.mark.parametrize("reply", LOOSE)
def test_markers_written_in_another_way_are_read(reply):
    both = Signature("question -> answer, score: int")
    lm = ScriptedLM([reply])
    with context(lm=lm):
        assert Predict(both)(question="?").toDict() == {"answer": "Brussels", "score": 5}
    assert len(lm.calls) == 1


@pytest.mark.fault(47)
@pytest.mark.parametrize("name", ["Final Answer", "final-answer", "FINAL_ANSWER", "finalanswer"])
def test_a_name_of_two_words_is_read_however_it_is_joined(name):
    assert ChatAdapter().parse(Signature("q -> final_answer"), f"[[ ## {name} ## ]]\nx") == {
        "final_answer": "x"
    }


@pytest.mark.fault(47)
@pytest.mark.parametrize(
    "reply",
    [
        '{"Final Answer": "x"}',
        '{"[[ ## final_answer ## ]]": "x"}',
        '{"output": {"final_answer": "x"}}',
        '{"reply": {"finalAnswer": "x"}}',
        '{"other": 1, "FINAL_ANSWER": "x"}',
    ],
)
def test_keys_written_in_another_way_are_read(reply):
    assert JSONAdapter().parse(Signature("q -> final_answer"), reply) == {"final_answer": "x"}


@pytest.mark.fault(47)
@pytest.mark.parametrize(
    "reply",
    ['{"Answer": "x", "ANSWER": "y"}', '{"a": {"answer": "x"}, "b": {"answer": "y"}}', '{"answers": "x"}'],
)
def test_keys_that_may_mean_another_are_not_read(reply):
    with pytest.raises(ParseError):
        JSONAdapter().parse(CITY, reply)


@pytest.mark.fault(47)
def test_what_the_strict_reading_finds_is_not_read_loosely():
    reply = "[[## answer ##]]\nParis\n[[ ## answer ## ]]\nBrussels\n[[ ## completed ## ]]"
    assert ChatAdapter().parse(CITY, reply) == {"answer": "Brussels"}


@pytest.mark.fault(47)
@pytest.mark.parametrize(
    "piece", ["[[ ## ", "[[##answer##]]", "[[ ## answer ## ]] ", "[", "`**[[ ## answer", "<|im_end|>"]
)
def test_a_long_reply_of_markers_is_read_in_linear_time(piece):
    started_s = time.process_time()
    with contextlib.suppress(ParseError):
        ChatAdapter().parse(GRADE, f"[[ ## answer ## ]]\n{piece * (1_000_000 // len(piece))}")
    assert time.process_time() - started_s < 5


@pytest.mark.fault(3)
def test_advice_is_read_without_what_stands_behind_its_end():
    advice = '[[## discussion ##]]\nd\n[[## advice ##]]\n{"self": "be brief"} [[ ## completed ## ]]' + REST
    with context(lm=ScriptedLM([MEANT, advice, MEANT])):
        best = Refine(Predict(CITY), N=2, reward_fn=lambda args, pred: 0.5, threshold=1)(question="?")
    assert best.refinement.hints == ({}, {"self": "be brief"})


TWO = ("first", "second")
AWKWARD = st.text(alphabet="ab :.*_-|\n\t#[]{}<>`'\"\u00a0\u200b\ufeff\r\x85\u2028", max_size=12)


@given(AWKWARD, AWKWARD)
def test_a_reply_that_is_matched_whole_is_read_as_by_the_long_way(first, second):
    reply = f"[[ ## first ## ]]\n{first}\n\n[[ ## second ## ]]\n{second}\n\n[[ ## completed ## ]]"
    if (matched := compile_exact_reply(TWO).fullmatch(reply)) is not None:
        found = find_sections(reply, TWO, ("question",))
        assert [text.strip() for text in matched.groups()] == [found[name] for name in TWO]


def test_nearly_every_reply_is_matched_whole_and_odd_ones_are_not():
    reply = "[[ ## first ## ]]\nIt is Brussels, I think: \u00e9!\n\n[[ ## second ## ]]\n0.5\n\n[[ ## completed ## ]]\n"
    assert compile_exact_reply(TWO).fullmatch(reply) is not None
    odd = [reply.replace("0.5", value) for value in ("<b>", "[[ ## first ## ]]", "1 # one", "`1`")]
    assert [one for one in [*odd, reply + "x", " " + reply] if compile_exact_reply(TWO).fullmatch(one)] == []
    assert (
        compile_exact_reply(("completed",)).fullmatch("[[ ## completed ## ]]\nx\n[[ ## completed ## ]]")
        is None
    )
