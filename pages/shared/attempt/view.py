"""One attempt in full, in tabs: output, reward, advice, prompts and replies, and the recorded events.

    draw_attempt(timeline, attempt, …)      the tab, the caller and the page of a long text stay when another attempt is selected

output, reward, advice, prompts_and_replies    what each tab holds: only the open one is built and sent
copies    what can be copied of it                    assets/run    how it looks
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import streamlit as st

from pages.shared import address
from pages.shared.attempt.advice import advice_sections
from pages.shared.attempt.blocks import Section, View, count_characters, note
from pages.shared.attempt.compact_action import COMPACT, do_compact_action
from pages.shared.attempt.copies import Copy, list_copies, write_copy
from pages.shared.attempt.fork_action import FORK, do_fork_action, list_fork_actions
from pages.shared.attempt.hint_dialog import do_hint_action, list_hint_actions
from pages.shared.attempt.output import output_sections
from pages.shared.attempt.prompts_and_replies import caller_sections
from pages.shared.attempt.reward import reward_sections
from pages.shared.web import ATTEMPT, import_script, read_styles
from refine_core import runs
from refine_core.formatting import format_duration, format_rollout, format_temperature
from refine_core.glossary import GLOSSARY
from refine_core.messages import (
    ATTEMPT_OUTCOMES,
    describe_outcome,
    describe_rollout,
    describe_unmet_rules,
    format_reward,
)
from refine_core.runs import Attempt, Caller, Hit, Tab, Timeline, list_callers

KEY: Final = "attempt"
_QUERY_CHARACTERS: Final = 200
TITLES: Final[Mapping[Tab, str]] = {
    "output": "Output",
    "reward": "Reward",
    "advice": "Advice",
    "prompts": "Prompts and replies",
    "raw": "Raw",
}
_component = st.components.v2.component(
    "refinescope.attempt",
    js=import_script(ATTEMPT),
    css=read_styles(ATTEMPT, root=".detail"),
)


@dataclass(slots=True)
class _Look:
    """How this session looks at attempts. searches: whether the search is open with nothing in it yet.

    reply: what the browser asked for in the last click, sent once. at: when the last click was, by the browser's clock.
    shown: run and index of the attempt that was drawn last.
    """

    pages: dict[str, int] = field(default_factory=dict)
    searches: bool = False
    reply: dict[str, object] | None = None
    at: object = None
    shown: tuple[str, int] | None = None


def draw_attempt(
    timeline: Timeline, attempt: Attempt, *, first: Tab = "output", height_px: int | None = None
) -> None:
    """Draw the attempt. first: the tab that is open until another is chosen. height_px: of the body, which then scrolls inside."""
    look = _look()
    if look.shown != (timeline.run_id, attempt.index):  # another attempt's texts begin at their first pages
        look.shown = (timeline.run_id, attempt.index)
        look.pages.clear()
    tab = address.tab() or first
    callers = list_callers(attempt)
    caller = _choose(callers, address.caller())
    order = [one.index for one in timeline.attempts]
    at = order.index(attempt.index)
    query = address.search()
    found = runs.search_run(timeline, query) if query else None
    hit = _chosen(found, attempt)
    sections = _sections(View(look.pages, hit), timeline, attempt, tab, caller)
    reply, look.reply = look.reply, None
    title, facts = _describe(timeline, attempt)
    _component(
        key=KEY,
        data={
            "run": timeline.run_id,
            "attempt": attempt.index,
            "title": title,
            "term": GLOSSARY["attempt"],
            "reward": format_reward(timeline, attempt.reward) if attempt.reward is not None else "",
            "outcome": attempt.outcome,
            "facts": facts,
            "previous": order[at - 1] if at > 0 else None,
            "next": order[at + 1] if at + 1 < len(order) else None,
            "tabs": [[name, words] for name, words in TITLES.items()],
            "tab": tab,
            "callers": [[one.key, _label(one), one.has_hint] for one in callers] if tab == "prompts" else [],
            "caller": caller.key if caller is not None else "",
            "actions": [*list_fork_actions(timeline, attempt), *list_hint_actions(timeline, attempt)]
            if tab == "prompts"
            else (),
            "copies": [[name, words] for name, words in list_copies(timeline, tab, caller).items()],
            "sections": [asdict(one) for one in sections],
            "height": height_px,
            "found": _describe_found(query, found) if found is not None or look.searches else None,
            "hit": hit.block if hit is not None else None,
            "reply": reply,
        },
        on_asked_change=lambda: None,
    )


def take_clicks(timeline: Timeline, attempt: Attempt, *, first: Tab = "output") -> None:
    """Do what was clicked or typed in the detail since it was drawn; to be called before anything that the address decides.

    In an AppTest, click with `at.session_state["attempt"] = {"asked": {"do": "tab", "tab": "raw", "at": 1}}`; each click has
    another time.
    """
    look, state = _look(), st.session_state.get(KEY)
    asked: Any = state.get("asked") if isinstance(state, Mapping) else None
    if (
        not isinstance(asked, Mapping) or asked.get("at") == look.at
    ):  # Streamlit may carry one click into two runs
        return
    look.at = asked.get("at")
    _do(asked, timeline, attempt, address.tab() or first, look)


def _look() -> _Look:
    look: _Look = st.session_state.setdefault(f"{KEY}-look", _Look())
    return look


def _sections(
    view: View, timeline: Timeline, attempt: Attempt, tab: Tab, caller: Caller | None
) -> list[Section]:
    if tab == "raw":
        text = write_copy(timeline, attempt, "raw", None, "json").text
        return [
            Section(
                [
                    view.text(
                        "raw",
                        text,
                        title="Recorded events",
                        aside=count_characters(text),
                        term=GLOSSARY["event"],
                    )
                ]
            )
        ]
    if tab == "prompts":
        if caller is None:
            waiting = attempt.state == "running"
            return [Section([note("Nothing has been sent yet." if waiting else "Nothing was sent.")])]
        return caller_sections(view, timeline, attempt, caller)
    build: dict[str, Callable[[View, Timeline, Attempt], list[Section]]] = {
        "output": output_sections,
        "reward": reward_sections,
        "advice": advice_sections,
    }
    return build[tab](view, timeline, attempt)


def _choose(callers: list[Caller], wanted: str) -> Caller | None:
    """The caller that was looked at last; else the first that got a hint, else the first."""
    same = next((one for one in callers if one.key == wanted), None)
    return same or next((one for one in callers if one.has_hint), None) or next(iter(callers), None)


def _label(caller: Caller) -> str:
    return (
        f"{caller.label} · failed"
        if caller.run is not None and caller.run.state == "failed"
        else caller.label
    )


def _describe(timeline: Timeline, attempt: Attempt) -> tuple[str, list[str]]:
    """The title, and the facts beside it."""
    facts = []
    if attempt.state != "scored":
        facts.append(describe_outcome(timeline, attempt))
    elif unmet := describe_unmet_rules(attempt):
        facts.append(unmet)
    if attempt.is_returned:
        facts.append(ATTEMPT_OUTCOMES["returned"])
    if attempt.kept:
        facts.append("kept")
    if timeline.shows_rollouts and not timeline.uses_rollouts:
        facts.append(format_rollout(timeline.rollout_of(attempt.index)))
    elif timeline.has_temperature(attempt):
        facts.append(f"T {format_temperature(attempt.temperature)}")
    else:
        facts.append(describe_rollout(attempt.index))
    if attempt.took_s is not None:
        facts.append(format_duration(attempt.took_s))
    counts = [(c.prompt_tokens, c.completion_tokens) for call in attempt.calls for c in call.charges]
    if counts and all(None not in pair for pair in counts):
        facts.append(f"{sum((sent or 0) + (received or 0) for sent, received in counts):,} tokens")
    return f"Attempt {attempt.index + 1}", facts


def _describe_found(query: str, found: runs.Found | None) -> dict[str, object]:
    """What a search found, as the browser shows it; None is nothing."""
    hits, count = (found.hits, found.count) if found is not None else ((), 0)
    return {"query": query, "count": count, "hits": [asdict(hit) for hit in hits]}


def _chosen(found: runs.Found | None, attempt: Attempt) -> Hit | None:
    """The place that the address names, if it is in this attempt."""
    index = address.hit()
    if found is None or index is None or not 0 <= index < len(found.hits):
        return None
    return found.hits[index] if found.hits[index].attempt == attempt.index else None


def _do(asked: Mapping[str, Any], timeline: Timeline, attempt: Attempt, tab: Tab, look: _Look) -> None:
    """Do what was clicked or typed. A browser can send anything: what does not fit is left alone."""
    indices = {one.index for one in timeline.attempts}
    match asked.get("do"):
        case "tab" if isinstance(asked.get("tab"), str) and asked["tab"] in TITLES:
            address.show_tab(asked["tab"])
        case "pick" if isinstance(asked.get("attempt"), int) and asked["attempt"] in indices:
            address.show_attempt(asked["attempt"])
        case "caller":
            address.show_caller(str(asked.get("caller")))
        case "page" if isinstance(asked.get("page"), int):
            look.pages[str(asked.get("block"))] = asked["page"]
        case "search":
            query = asked.get("query")
            look.searches = isinstance(query, str)
            address.show_search(query[:_QUERY_CHARACTERS] if isinstance(query, str) else "")
        case "hit":
            _go_to(timeline, look, asked.get("index"))
        case "act":
            if asked.get("what") == FORK:
                do_fork_action(timeline, attempt)
            elif asked.get("what") == COMPACT:
                do_compact_action(timeline)
            else:
                do_hint_action(timeline, attempt, str(asked.get("what")))
        case "copy" | "download" as do:
            made = _make(timeline, attempt, tab, asked)
            look.reply = {**asdict(made), "do": do, "at": asked.get("at")} if made is not None else None


def _make(timeline: Timeline, attempt: Attempt, tab: Tab, asked: Mapping[str, object]) -> Copy | None:
    caller = _choose(list_callers(attempt), address.caller())
    what = str(asked.get("what"))
    if asked.get("do") == "copy":
        known = what in list_copies(timeline, tab, caller)
        return write_copy(timeline, attempt, tab, caller, what) if known else None
    sections = _sections(View(whole=what), timeline, attempt, tab, caller)
    blocks = (one for section in sections for one in (*section.left, *section.right))
    block = next((one for one in blocks if one.id == what and one.kind != "parts"), None)
    return None if block is None else Copy("".join(text for _, text in block.pieces), "")


def _go_to(timeline: Timeline, look: _Look, index: object) -> None:
    """Select the attempt of a hit, and open its tab at the place."""
    hits = runs.search_run(timeline, address.search()).hits
    if not isinstance(index, int) or not 0 <= index < len(hits):
        return
    hit = hits[index]
    address.show_hit(index)
    look.pages.pop(hit.block, None)
    if hit.caller:
        address.show_caller(hit.caller)
    address.show_attempt(hit.attempt)
    address.show_tab(hit.tab)
