"""The adapter says where the hint is in a prompt; no page searches for it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refine_core import ChatAdapter, Signature
from refine_core.adapters.hint_position import hint_position
from refine_core.adapters.json import JSONAdapter
from refine_core.programs import EXAMPLES
from refine_core.runs import Runs, prompt_parts
from refine_core.signatures.fields import InputField
from refine_core.store import MemoryStore

HINTED = Signature("question -> answer").append("hint_", InputField(desc="a hint"))
TEXT = st.text("ab \n[]#", max_size=12).map(lambda text: f"x{text}x") | st.sampled_from(
    ["[[ ## hint_ ## ]]\nno", "[[ ## question ## ]]\nwhy\n\nReply with nothing", "N/A"]
)


@pytest.mark.parametrize("adapter", [ChatAdapter(), JSONAdapter()], ids=["chat", "JSON"])
@given(question=TEXT, hint=TEXT, demo=TEXT)
def test_the_hint_is_found_where_the_adapter_wrote_it(adapter, question, hint, demo):
    """Whatever the inputs and the hint hold, markers too."""
    demos = [{"question": demo, "hint_": hint, "answer": "no"}]
    messages = adapter.format(HINTED, demos, {"question": question, "hint_": hint})
    at = hint_position(messages, hint)
    content = messages[at.message]["content"]
    assert content[at.start : at.end] == f"[[ ## hint_ ## ]]\n{hint}"
    assert content[: at.start] == f"[[ ## question ## ]]\n{question}\n\n"
    assert "hint_" not in content[at.end :]


def test_without_a_hint_or_in_a_prompt_of_another_format_there_is_none():
    messages = ChatAdapter().format(Signature("question -> answer"), [], {"question": "?"})
    assert hint_position(messages, None) is None
    assert hint_position(messages, "be brief") is None
    assert hint_position([], "be brief") is None


def test_a_recorded_prompt_is_shown_with_its_hint_apart():
    runs = Runs(MemoryStore())
    run_id = runs.start(EXAMPLES["two_stages"].spec)
    runs.join(run_id, 60)
    attempts = runs.timeline(run_id).attempts
    runs.close()
    assert any(attempt.hints for attempt in attempts)
    for run in (run for attempt in attempts for run in attempt.predictors):
        for call in run.calls:
            parts = list(prompt_parts(call, run.hint))
            whole = {i: "".join(p.text for p in parts if p.message == i) for i in range(len(call.messages))}
            assert whole == {i: m["content"] for i, m in enumerate(call.messages)}
            hints = [part.text for part in parts if part.is_hint]
            assert hints == ([] if run.hint is None else [f"[[ ## hint_ ## ]]\n{run.hint}"])
