"""What a model thought before it answered, told apart from its answer.

    <think>Paris? No.</think>[[ ## answer ## ]] …  --split_reasoning-->  "Paris? No.", "[[ ## answer ## ]] …"

Reasoning stands in a tag at the start of a reply, or before its first marker and its first object. A closing tag alone
counts, too: many servers put the opening one in the prompt. A tag within a value is part of that value.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Collection, Iterator

_MARKER = r"\\?\[\\?\[\s{0,4}#{1,4}\s{0,4}(\w[\w -]{0,80}?)\s{0,4}:?\s{0,4}#{0,4}\s{0,4}\\?\](?:\\?\])?"
"""A marker of the chat format, however a model writes it."""

_WORDS = r"(?:think|thinking|thoughts?|thought_process|reasoning|reflection|rationale|analysis|scratch_?pad|inner_?thoughts?)"
_OPENING = (  # these are compiled where a tag is first seen: most models write none, and every import would pay
    rf"<(?:seed:)?({_WORDS})(?:\s[^<>]*)?>|\[THINK\]|◁think▷|<\|(?:begin_of_thought|START_THINKING)\|>"
    r"|(?:<\|start\|>assistant)?<\|channel\|>(?:analysis|commentary)[^<]*<\|message\|>"
)
_CLOSING = (
    rf"</(?:seed:)?{_WORDS}\s*>|\[/THINK\]|◁/think▷|<\|(?:end_of_thought|END_THINKING)\|>"
    r"|(?:<\|end\|>\s*)?(?:<\|start\|>assistant)?<\|channel\|>final[^<]*<\|message\|>"
)
BLANK = " \t\r\n\f\v\u00a0\ufeff\u200b\u200c\u200d\u2060"
_OBJECT = re.compile(r"\{\s*[\"'}]")
_OBJECTS = json.JSONDecoder(strict=False)


def split_reasoning(reply: str, names: Collection[str] = ()) -> tuple[str, str]:
    """What was thought, without its tags, and the answer. Splitting the answer again changes nothing.

    names: of outputs; `<reasoning>…</reasoning>` is an output of that name where no marker and no object follows it.
    """
    # Every reply comes here, and few hold one of these.
    if not ("<" in reply or "[/" in reply or "[T" in reply or "[t" in reply or "◁" in reply):
        return "", reply
    tags = _Tags(reply, {name.lower() for name in names})
    thoughts: list[str] = []
    at = 0
    while (closing := tags.next_closing(at)) is not None:
        thoughts.append(
            re.sub(_OPENING, "", reply[at : closing[0]], count=1, flags=re.IGNORECASE).strip(BLANK)
        )
        at = closing[1]
    return "\n\n".join(filter(None, thoughts)), reply[at:]


Span = tuple[int, int]


class _Tags:
    """Where the tags of a reply stand, and where an answer may begin: each is looked for once, so a long reply is no work."""

    def __init__(self, reply: str, names: Collection[str]) -> None:
        self.reply, self.names = reply, names
        self.openings = [
            (*tag.span(), (tag[1] or "").lower()) for tag in re.finditer(_OPENING, reply, re.IGNORECASE)
        ]
        self.closings = [tag.span() for tag in re.finditer(_CLOSING, reply, re.IGNORECASE)]
        tagged = bool(self.openings or self.closings)
        self.markers = [(m.start(), m[1].lower()) for m in re.finditer(_MARKER, reply)] if tagged else []
        self.objects = [found.start() for found in _OBJECT.finditer(reply)] if tagged else []
        self.size = len(reply.rstrip(BLANK))
        self.last = max([*(at for at, _ in self.markers[-1:]), *self.objects[-1:]], default=-1)

    def next_closing(self, at: int) -> Span | None:
        """The tag that ends the reasoning from `at` on, the end of the reply where it never ends; None without reasoning."""
        begun = self._begins(at)
        index = bisect_left(self.openings, (at,))
        if index == len(self.openings):
            return self._lone(at, begun)
        start, _, word = self.openings[index]
        at_start = not self.reply[at:start].strip(BLANK)
        if start > begun and not at_start:
            return self._lone(at, begun)
        closing = self._end_of(index)
        if closing is None:
            end = len(self.reply)
            return self._lone(at, begun) or ((end, end) if at_start else None)
        if self._begins(closing[1]) == len(self.reply) and (word in self.names or not at_start):
            return None
        return closing

    def _begins(self, at: int) -> int:
        """Where the first marker or object from `at` on stands; the length of the reply where there is none."""
        marker, found = bisect_left(self.markers, (at,)), bisect_left(self.objects, at)
        starts = [
            *(start for start, _ in self.markers[marker : marker + 1]),
            *self.objects[found : found + 1],
        ]
        return min(starts, default=len(self.reply))

    def _end_of(self, index: int) -> Span | None:
        """The closing tag of an opening one: the one that balances it, or the last before an answer."""
        first, end = bisect_left(self.closings, (self.openings[index][1],)), len(self.closings)
        before_answer = bisect_left(self.closings, (self.last,))
        end = before_answer if before_answer > first else end
        for at in range(first, end):
            opened = bisect_left(self.openings, self.closings[at]) - index
            if opened <= at - first + 1:
                return self.closings[at]
        return self.closings[end - 1] if end > first else None

    def _lone(self, at: int, begun: int) -> Span | None:
        """Everything up to the last closing tag behind which the answer begins, or begins anew."""
        ranges = [(at, begun + 1), *self._repeats(at, begun)]
        last = max(self._last_closing(after, before) for after, before in ranges)
        return self.closings[last] if last >= 0 else None

    def _repeats(self, at: int, begun: int) -> Iterator[Span]:
        """From where to where a closing tag stands between a marker, or an object, and the same once more."""
        ends: dict[str, int] = {name: start for start, name in self.markers}  # the last of each name
        first = bisect_left(self.markers, (at,))
        starts: dict[str, int] = {}
        for start, name in self.markers[first:]:
            starts.setdefault(name, start)
        if starts:
            yield from ((start, ends[name]) for name, start in starts.items())
        elif begun < len(self.reply):
            try:
                _, end = _OBJECTS.raw_decode(self.reply, begun)
            except (ValueError, RecursionError):
                end = begun
            yield end, self.objects[-1]

    def _last_closing(self, after: int, before: int) -> int:
        """The index of the last closing tag in a range that something follows; -1 for none."""
        last = min(bisect_left(self.closings, (before,)), bisect_left(self.closings, (self.size,))) - 1
        while last >= 0 and self.closings[last][1] >= self.size:
            last -= 1
        return last if last >= 0 and self.closings[last][0] >= after else -1
