"""The words of a run, to search in: taken from its events, and from what a person noted.

    events, annotation --RunText.of--> name, inputs, outputs, hints, models
    what a person typed --match_words--> the words to look for

The last word may be incomplete. Characters of scripts without spaces, and symbols such as emoji, count as a word each.
Long values are cut off, so that one run cannot fill the index: VALUE_CHARACTERS, COLUMN_CHARACTERS.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from refine_core import events as ev
from refine_core.hints import is_hint
from refine_core.log import codec
from refine_core.log.summaries import Summary
from refine_core.log.well_formed import make_well_formed
from refine_core.spec import ProgramSpec
from refine_core.store.listing import NO_FACTS, Annotation, RunFacts

KINDS: Final = (
    ev.RunStarted.kind,
    ev.AttemptStarted.kind,
    ev.PredictorTraced.kind,
    ev.RewardStarted.kind,
    ev.AdviceGiven.kind,
    ev.RunFinished.kind,
)
"""The kinds of the events that `RunText.of` reads."""
VALUE_CHARACTERS, COLUMN_CHARACTERS = 20_000, 400_000
LINE_CHARACTERS: Final = 200  # of the inputs, as a row of the list shows them
QUERY_CHARACTERS, QUERY_WORDS = 500, 32
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# Han, Hiragana, Katakana, Hangul, Thai, Lao and Khmer are written without spaces; symbols stand beside words.
_ALONE = re.compile(
    "([\u0e00-\u0eff\u1780-\u17ff\u2600-\u27bf\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U0001f000-\U0001faff\U00020000-\U0003ffff])"
)


@dataclass(frozen=True, slots=True)
class RunText:
    """The words of a run by where they stand, and what else its events say."""

    name: str
    inputs: str
    outputs: str
    hints: str
    models: str
    facts: RunFacts = NO_FACTS

    @classmethod
    def of(cls, events: Iterable[ev.Event], summary: Summary, annotation: Annotation) -> RunText:
        """The words of these events. Those of other kinds than KINDS hold none."""
        inputs: dict[str, None] = {}  # used as ordered sets: attempts repeat each other's hints and outputs
        outputs: dict[str, None] = {}
        hints: dict[str, None] = {}
        models: dict[str, None] = {summary.model: None}
        facts = NO_FACTS
        for event in events:
            match event:
                case ev.RunStarted(spec=spec):
                    inputs.update(_values(spec.inputs))
                    models.update(_models(spec))
                    facts = _read_facts(spec)
                case ev.RewardStarted(outputs=values) | ev.PredictorTraced(outputs=values):
                    outputs.update(_values(values))
                case ev.AttemptStarted(hints=texts) | ev.AdviceGiven(advice=texts):
                    hints.update(_values({name: text for name, text in texts.items() if is_hint(text)}))
                case ev.RunFinished():
                    facts = replace(facts, took_s=event.took_s)
        return cls(
            name_words(summary, annotation),
            _column(inputs),
            _column(outputs),
            _column(hints),
            _column(models),
            facts,
        )

    @property
    def all(self) -> str:
        """All of it, in lower case, as a store without an index looks through it."""
        return f"{self.name}\n{self.inputs}\n{self.outputs}\n{self.hints}\n{self.models}".casefold()


def name_words(summary: Summary, annotation: Annotation) -> str:
    """The words of a run's title, and of what a person noted about it."""
    return separate("\n".join([annotation.name, summary.title, *annotation.tags, annotation.note]))


def separate(text: str) -> str:
    """`text` without what no database takes as text, and with spaces around the characters that are words."""
    return _ALONE.sub(r" \1 ", _CONTROL.sub(" ", make_well_formed(text)))


def match_words(typed: str) -> list[str]:
    """The words of a query, in the spelling of the index; the last one may be incomplete. [] if it has none.

    A word may still be several to the index ("gpt-4.1"): then they must follow each other.
    """
    words = separate(typed[:QUERY_CHARACTERS]).split()
    return [word for word in words if any(map(_is_word_sign, word))][:QUERY_WORDS]


def match_expression(typed: str) -> str:
    """The same words as SQLite's full-text search wants them: quoted, so that no sign in them is an operator."""
    quoted = [f'"{word.replace(chr(34), " ")}"' for word in match_words(typed)]
    return f"{' '.join(quoted)}*" if quoted and not typed[-1:].isspace() else " ".join(quoted)


def _is_word_sign(sign: str) -> bool:
    category = unicodedata.category(sign)
    return category[0] in "LN" or category in ("Co", "So")


def _values(values: Mapping[str, object]) -> dict[str, None]:
    return {_write(value)[:VALUE_CHARACTERS]: None for value in values.values()}


def _write(value: object) -> str:
    return value if isinstance(value, str) else codec.dumps(make_well_formed(value))


def _models(spec: ProgramSpec) -> dict[str, None]:
    roles = [model for model in (spec.model, spec.adviser, spec.judge) if model is not None]
    return {name: None for model in roles for name in (model.label, model.model)}


def _column(texts: Iterable[str]) -> str:
    return separate("\n".join(filter(None, texts))[:COLUMN_CHARACTERS])


def _read_facts(spec: ProgramSpec) -> RunFacts:
    program: list[object] = [spec.stages, spec.reward, spec.reward_name]
    if spec.reward_shape != "refine":
        program += [spec.reward_shape, spec.reward_arguments]
    return RunFacts(
        _write_line(spec.inputs),
        None,
        _hash(program),
        _hash(spec.inputs),
        spec.parent and separate(spec.parent),
        spec.hint_test and separate(spec.hint_test),
        spec.parent and separate(spec.parent) if spec.fork_attempt is not None or spec.hint_test else None,
        spec.experiment and separate(spec.experiment),
    )


def _hash(value: object) -> str:
    return hashlib.blake2b(codec.dumps(value).encode(), digest_size=12).hexdigest()


def _write_line(inputs: Mapping[str, object]) -> str:
    texts = (" ".join(_write(value)[: 4 * LINE_CHARACTERS].split()) for value in inputs.values())
    line = _CONTROL.sub(" ", make_well_formed(" · ".join(filter(None, texts))))
    return line if len(line) <= LINE_CHARACTERS else f"{line[:LINE_CHARACTERS]}…"
