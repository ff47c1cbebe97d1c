"""The sections of a reply in the chat format: which text is under which marker.

    reply --strict--> every output?  --no--> markers however they are written, at the start of a line
                                     --no--> the same anywhere

Rule 1: strict is dspy's way: a line that begins with `[[ ## name ## ]]`; the rest of that line belongs to the value, and
        the first section of a name wins. Blanks and Markdown around a marker are no part of anything.
Rule 2: a looser reading is used only if it finds more of the outputs.
Rule 3: a value ends where a field, or the closing marker, begins, however that is written. The closing marker counts at
        the end of a line, too, and within one where none follows. What ends a turn, such as <|im_end|>, is no part of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import lru_cache

from refine_core.reasoning import BLANK

COMPLETED = "completed"
_STRICT = re.compile(r"\[\[ ## (\w+) ## \]\]")
# What may precede a marker on its line, apart from blanks: Markdown, which closes again behind the marker.
_DECORATION = re.compile(r"\s*(?:#{1,6}\s+)?(\*\*|__|`|)")
_LOOSE_DECORATION = re.compile(r"[\W_]*(?:\d{1,2}[.)][\W_]*)?")
_LONGEST_INDENT = 200
_REST_OF_LINE = re.compile(r"[ \t*_`]*(?:\n|\Z)")
_COLON = re.compile(r":(?=\s|\Z)")
_ENDS = (
    r"<\|(?:im_end|eot_id|eot|eom_id|end|endoftext|end_of_text|end_of_turn|end_of_turn_token|endofturn|return|eos)\|>"
    r"|<end_of_turn>|<end_of_utterance>|<eos>|<EOT>|</s>|<\uff5cend\u2581of\u2581sentence\uff5c>|\[EOS\]|\[/INST\]|\[end of text\]"
)
_TURN_ENDS = re.compile(rf"(?:{_ENDS})\s*\Z", re.IGNORECASE)
_STARTS = r"<\|(?:im_start|start_header_id|start|user|assistant|system)\|>|<start_of_turn>|<s>\s*\[INST\]"
_NEXT_TURN = re.compile(
    rf"(?:{_ENDS})\s*(?:{_STARTS}|(?:Human|User|Assistant|System)\s*:)|\n[ \t]*(?:{_STARTS})", re.IGNORECASE
)
_MOST_ENDS = 20
_PLAIN = "[^\\[\\]<>`#\r\u25c1\ufeff\u200b\u200c\u200d\u2060]"
_FENCE = re.compile(r"^\s{0,3}```[\w-]*[ \t]*$", re.MULTILINE)

Mark = tuple[str, int, int]
"""The name of a marker, where it begins (with what precedes it on its line), and where it ends."""


def find_sections(
    reply: str,
    outputs: Collection[str],
    inputs: Collection[str] = (),
    *,
    closed_only: bool = False,
    is_echo: Callable[[str, str], bool] = lambda _name, _text: False,
) -> dict[str, str]:
    """Name -> text of each section. closed_only: only those that a further marker follows.

    is_echo: whether a text is no value of that name; a later section replaces it.
    """
    reply = _strip_surroundings(reply)
    names = tuple(dict.fromkeys((*outputs, *inputs, COMPLETED)))
    marks = list(_find_strict_marks(reply))
    missing = _missing_names(marks, outputs)
    for anywhere in (False, True) if missing else ():
        loose = list(_find_loose_marks(reply, names, anywhere=anywhere))
        if len(left := _missing_names(loose, outputs)) < len(missing):
            marks, missing = loose, left
        if not missing:
            break
    fenced = "```" in reply and bool(marks) and len(_FENCE.findall(reply, 0, marks[0][1])) % 2 == 1
    values: dict[str, str] = {}
    echoes: set[str] = set()
    for i, (name, _, start) in enumerate(marks):
        if name == COMPLETED or (name in values and name not in echoes):
            continue
        is_last = i + 1 == len(marks)
        text = reply[start : len(reply) if is_last else marks[i + 1][1]]
        cut = _find_end(text, names, is_last=is_last) if "[" in text else None
        value = _clean_value(text[:cut])
        if is_last and cut is None:
            value = value.removesuffix("```").rstrip() if fenced else value
            if closed_only:
                continue
        if not is_echo(name, value):
            echoes.discard(name)
        elif name in values:
            continue
        else:
            echoes.add(name)
        values[name] = value
    return values


def compile_exact_reply(outputs: tuple[str, ...]) -> re.Pattern[str]:
    """Matches a reply exactly as the prompt asks for it, whose values have no character that matters to `find_sections`.

    Its groups are the values, blanks around them included. Nearly every reply is one, and this is many times as fast.
    """
    if COMPLETED in outputs:
        return re.compile(r"(?!)")
    patterns = (rf"\[\[ ## {re.escape(name)} ## \]\]\n({_PLAIN}*\n)" for name in outputs)
    return re.compile("".join(patterns) + rf"\[\[ ## {COMPLETED} ## \]\]\s*")


def _strip_surroundings(reply: str) -> str:
    """The reply with newlines alone at the end of lines, and without what servers and tokenizers leave around it."""
    if "\r" in reply:
        reply = reply.replace("\r\n", "\n").replace("\r", "\n")
    if reply[:1] in BLANK:
        reply = reply.lstrip("".join(c for c in BLANK if c not in " \t\n"))
    if "<" in reply and (turn := _NEXT_TURN.search(reply)) is not None:
        reply = reply[: turn.start()]
    return reply


def _missing_names(marks: Iterable[Mark], outputs: Collection[str]) -> set[str]:
    return set(outputs) - {name for name, _, _ in marks}


def _find_strict_marks(reply: str) -> Iterator[Mark]:
    for match in _STRICT.finditer(reply):
        at, end = match.span()
        if at and reply[at - 1] != "\n":
            line = _line_start(reply, at)
            before = None if line is None else _DECORATION.fullmatch(reply, line, at)
            if line is None or before is None:
                continue
            closing = before[1]
            if closing and reply.startswith(closing, end):
                end += len(closing)
            at = line
        yield match[1], at, end


def _line_start(text: str, at: int) -> int | None:
    """Where the line of a place begins; None where that is far away, so that no marker at `at` begins it."""
    first = max(0, at - _LONGEST_INDENT)
    newline = text.rfind("\n", first, at)
    return newline + 1 if newline >= 0 or not first else None


def _find_loose_marks(reply: str, names: tuple[str, ...], *, anywhere: bool) -> Iterator[Mark]:
    """Markers of these names, however they are written. anywhere: not at the start of a line alone."""
    pattern, by_key = _loose_pattern(names)
    for match in pattern.finditer(reply):
        at, end = match.span()
        line = _line_start(reply, at)
        begins = line is not None and _LOOSE_DECORATION.fullmatch(reply, line, at) is not None
        is_mention = match[3] == "`" and reply.startswith("`", at - 1)
        if begins or (anywhere and not is_mention):
            yield by_key[_key(match[1] or match[2])], line if line is not None and begins else at, end


@lru_cache(maxsize=512)
def _loose_pattern(names: tuple[str, ...]) -> tuple[re.Pattern[str], dict[str, str]]:
    """A pattern for the markers of these names, and spelling -> name for what it matches."""
    words = "|".join(re.escape(name).replace("_", r"[ _-]?") for name in sorted(names, key=len, reverse=True))
    blank, quote = r"\s{0,4}", r"[*_`'\"]{0,2}"
    name = rf"{quote}({words}){quote}{blank}:?{blank}"
    hashed = rf"\\?\[(?:\\?\[)?{blank}\\?#{{1,4}}{blank}{name}(?:\\?#){{0,4}}{blank}\\?\](?:\\?\])?"
    bare = rf"\[\[{blank}{name}\]\]"
    loose = rf"(?:{hashed}|{bare})(\*\*|__|`)?"
    by_key: dict[str, str] = {}
    for one in names:
        by_key.setdefault(_key(one), one)
    return re.compile(loose, re.IGNORECASE), by_key


def _key(name: str) -> str:
    return re.sub(r"[ _-]", "", name).lower()


def _find_end(text: str, names: tuple[str, ...], *, is_last: bool) -> int | None:
    """Where a section ends before its text does: at a marker that is written loosely, or not at the start of a line."""
    pattern, by_key = _loose_pattern(names)
    leading = len(text) - len(text.lstrip())
    marker_on_line: int | None = None
    for match in pattern.finditer(text):
        at, end = match.span()
        name = by_key[_key(match[1])] if match[1] else ""
        if not name or (name != COMPLETED and at <= leading):
            continue
        line = _line_start(text, at)
        if line is not None and _DECORATION.fullmatch(text, line, at):
            return line
        if name == COMPLETED:
            before = at - len(match[3] or "") if text.endswith(match[3] or "", 0, at) else at
            if _REST_OF_LINE.match(text, end):
                return before
            marker_on_line = before if marker_on_line is None and match[3] != "`" else marker_on_line
    return marker_on_line if is_last else None


def _clean_value(text: str) -> str:
    """The value in the text of a section: without a colon behind its marker, blanks around, and what ends a turn."""
    if colon := _COLON.match(text):
        text = text[colon.end() :]
    text = text.strip()
    for _ in range(_MOST_ENDS if text.endswith((">", "]")) else 0):
        turn = _TURN_ENDS.search(text, max(0, len(text) - _LONGEST_INDENT))
        if turn is None or not turn.start() or (turn[0].startswith("</s>") and "<s>" in text):
            break
        text = text[: turn.start()].rstrip()
    return text.strip(BLANK) if text[:1] in BLANK or text[-1:] in BLANK else text
