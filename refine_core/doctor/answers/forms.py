r"""The form in which a reward wants the answer: `<think>…</think><answer>42</answer>`, `\boxed{42}`, `#### 42`, JSON.

    row, right answer --learn_from_output--> Form …       source --learn_from_source--> Form …
    Form.wrap("42") -> "<think>…</think><answer>42</answer>"

A form is only a candidate: the one in which the right answer scores most is taken (probes/scoring.py).
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from refine_core.errors import RewardError
from refine_core.rewards.source import parse_reward

THOUGHT: Final = "I work it out step by step."
_PAIR = re.compile(r"<([A-Za-z_][\w-]*)>(.*?)</\1>", re.DOTALL)
_OPENING = re.compile(r"<([A-Za-z_][\w-]*)>")
_BOXED = re.compile(r"\\boxed\{([^{}]*)\}")
_HASHES = re.compile(r"####[ \t]*([^\n]*)")
_SPOKEN = re.compile(r"(?i)\b(?:final )?answer(?: is|:| =)\s*([^\n]*?)[.\s]*$")
_ANSWER_TAGS = ("answer", "final_answer", "solution", "final", "result", "output", "response")
_NOT_ANSWERS = frozenset(("think", "thinking", "reasoning", "thought", "thoughts", "scratchpad", "analysis"))


@dataclass(frozen=True, slots=True)
class Form:
    """Text around an answer: lead, thought, middle, then the answer, then tail. A plain answer has none of them.

    thought: what stands where a model reasons, if the form has a place for that. as_json: the answer is a JSON text there.
    is_found: whether only the place of the answer in a recorded output tells it, and no mark.
    """

    lead: str = ""
    thought: str = ""
    middle: str = ""
    tail: str = ""
    as_json: bool = False
    is_found: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether there is nothing around the answer."""
        return not (self.lead or self.thought or self.middle or self.tail)

    @property
    def has_thought(self) -> bool:
        """Whether a model reasons in it, between marks of its own."""
        return bool(self.lead and self.middle and self.thought)

    @property
    def is_marked(self) -> bool:
        """Whether tags, a box or #### say where the answer is."""
        return not self.is_found and any(mark in self.middle for mark in ("</", ">", "\\boxed{", "####"))

    def wrap(self, answer: str) -> str:
        """The whole output."""
        written = json.dumps(answer, ensure_ascii=False) if self.as_json else answer
        return f"{self.lead}{self.thought}{self.middle}{written}{self.tail}"

    def empty(self) -> str:
        """The marks with nothing inside."""
        return replace(self, thought="").wrap("")

    def with_thought(self, thought: str) -> Form:
        """The same form with other reasoning in it."""
        return replace(self, thought=thought)


PLAIN: Final = Form()


def learn_from_output(text: str, answer: str) -> Iterator[Form]:
    """Forms that a recorded output may have; of an output with a wrong answer, too. answer: the right one."""
    tags = list(_PAIR.finditer(text))
    if tags:
        at = _choose_tag([tag[1].lower() for tag in tags])
        before = tags[at - 1] if at else None
        yield _cut(text, tags[at].span(2), before.span(2) if before else None)
    for pattern in (_BOXED, _HASHES):
        if found := list(pattern.finditer(text)):
            yield _cut(text, found[-1].span(1), None)
    yield from _learn_json(text, answer)
    if not tags and (spoken := _SPOKEN.search(text)) is not None:
        yield _cut(text, spoken.span(1), None)
    if answer and answer != text.strip():
        found = list(re.finditer(rf"(?<!\w){re.escape(answer)}(?!\w)", text))
        if len(found) == 1:
            yield replace(_cut(text, found[0].span(), None), is_found=True)


def learn_from_source(source: str) -> Iterator[Form]:
    """Forms that the texts and patterns in a reward's source name."""
    texts = _list_texts(source)
    names = list(dict.fromkeys(name for text in texts for name in _OPENING.findall(text)))
    pairs = [name for name in names if any(f"</{name}>" in text for text in texts)]
    if pairs:
        yield from _make_tag_forms(pairs)
    joined = "\n".join(texts)
    if "boxed" in joined:
        yield Form(thought=THOUGHT, middle=" The answer is \\boxed{", tail="}.")
    if "####" in joined:
        yield Form(thought=THOUGHT, middle="\n#### ")
    if re.search(r"(?i)answer(?: is|:|\\s\*:)", joined):
        yield Form(thought=THOUGHT, middle="\nAnswer: ")
        yield Form(thought=THOUGHT, middle=" The answer is ")


def _make_tag_forms(names: list[str]) -> Iterator[Form]:
    at = _choose_tag([name.lower() for name in names])
    answer = names[at]
    before = next((name for name in names if name != answer), None)
    if before is None:
        yield Form(middle=f"<{answer}>", tail=f"</{answer}>")
        yield Form(middle=f"<{answer}>\n", tail=f"\n</{answer}>")
        return
    opening, closing = f"<{before}>", f"</{before}>"
    yield Form(opening, THOUGHT, f"{closing}<{answer}>", f"</{answer}>")
    yield Form(opening, THOUGHT, f"{closing}\n<{answer}>", f"</{answer}>")
    for end in ("", "\n"):
        yield Form(f"{opening}\n", THOUGHT, f"\n{closing}\n<{answer}>\n", f"\n</{answer}>{end}")


def _choose_tag(names: list[str]) -> int:
    """Which tag holds the answer: one that is called so, else the last that holds no reasoning."""
    for i, name in reversed(list(enumerate(names))):
        if name in _ANSWER_TAGS:
            return i
    return next((i for i in range(len(names) - 1, -1, -1) if names[i] not in _NOT_ANSWERS), len(names) - 1)


def _cut(text: str, slot: tuple[int, int], thought: tuple[int, int] | None) -> Form:
    """The form that is left when the answer at `slot` is taken out; blanks at its ends belong to the form."""
    start, end = _trim(text, *slot)
    if thought is None or thought[1] > start:
        return Form(middle=text[:start], tail=text[end:])
    first, last = _trim(text, *thought)
    return Form(text[:first], text[first:last] or THOUGHT, text[last:start], text[end:])


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    inner = text[start:end]
    if not inner.strip():
        return start, end
    return start + len(inner) - len(inner.lstrip()), end - (len(inner) - len(inner.rstrip()))


def _learn_json(text: str, answer: str) -> Iterator[Form]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return
    if not isinstance(data, dict) or answer.lstrip()[:1] in {"{", "["}:
        return
    names = [name for name, value in data.items() if str(value) == answer]
    names += [name for name in (*_ANSWER_TAGS, *data) if name in data and name not in names]
    for name in names[:2]:
        marked = json.dumps({**data, name: "\ue000"}, ensure_ascii=False)
        before, _, after = marked.partition('"\ue000"')
        yield Form(middle=before, tail=after, as_json=isinstance(data[name], str))


def _list_texts(source: str) -> list[str]:
    """Texts that a source holds, without docstrings."""
    try:
        tree = parse_reward(source)
    except RewardError:
        return []
    texts = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    documented = (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    docstrings = {
        ast.get_docstring(node, clean=False) for node in ast.walk(tree) if isinstance(node, documented)
    }
    return [text for text in texts if text not in docstrings]
