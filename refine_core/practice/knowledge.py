"""What the practice model knows of a prompt: the answers of the first entry of its weights that fits (see `weights`).

As in a real model, the first answer is wordy: full sentences weigh most, and a hint has to lift a shorter or more exact answer
above them. Questions are recognised by the prompt's own words, so another country or another customer's message works as well.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from pydantic import JsonValue

from refine_core.english import split_sentences
from refine_core.practice.request import Output, Request
from refine_core.practice.sampling import Candidate
from refine_core.practice.values import Schema, fits, read_schema
from refine_core.practice.weights import HOLE, Answer, Entry, get_entries


def find_candidates(
    request: Request, output: Output, schema: Schema, said: str = "", *, by_name: bool = False
) -> list[Candidate[object]]:
    """The candidates for `output`; none if the model does not know the subject.

    said: the outputs so far, which are read like inputs. by_name: whether only entries count that name the output.
    """
    text = "\n".join([*request.inputs.values(), said])
    for entry in get_entries():
        if not _is_for(entry, output, schema, by_name=by_name):
            continue
        matches = [pattern.search(text) for pattern in entry.asked]
        if all(matches) and (found := _answers(entry, request, text, schema)):
            return found
    return []


def _is_for(entry: Entry, output: Output, schema: Schema, *, by_name: bool) -> bool:
    """Whether an entry is for a field of this name and type; one for a choice, if the field offers at least its options."""
    if not (entry.output.fullmatch(output.name) if entry.output else not by_name):
        return False
    choice = read_schema(Output("", entry.type))
    if isinstance(choice, dict) and isinstance(schema, dict) and "enum" in choice:
        return set(choice["enum"]) <= set(schema.get("enum", ()))
    return entry.type in {"", output.type}


def _answers(entry: Entry, request: Request, text: str, schema: Schema) -> list[Candidate[object]]:
    """The answers whose holes can be filled and whose type is that of the field."""
    names: dict[str, str] = {}
    for pattern in (*entry.asked, *entry.finds):
        if match := pattern.search(text):
            names |= {name: found for name, found in match.groupdict().items() if found}
    for name, table in entry.tables.items():
        if listed := next((table[one] for one in list(names.values()) if one in table), None):
            names[name] = listed
    sentences = split_sentences(max(request.inputs.values(), key=len, default=""))
    found: list[Candidate[object]] = []
    for answer in entry.answers:
        try:
            value = _complete_texts(answer.content, names, sentences)
        except KeyError:
            continue
        if fits(value, schema):
            found.append(Candidate(value, _logit(answer, text, request.hint)))
    if found and isinstance(schema, dict) and "enum" in schema:
        least, named = min(one.logit for one in found), [one.value for one in found]
        found += [Candidate(option, least) for option in schema["enum"] if option not in named]
    return found


def _logit(answer: Answer, text: str, hint: str) -> float:
    hinted = answer.when_told
    weight = hinted.weight if hinted is not None and hinted.pattern.search(hint) else answer.weight
    factors = (len(pattern.findall(text)) * math.log(factor) for pattern, factor in answer.for_each.items())
    return math.log(weight) + sum(factors)


def _complete_texts(value: JsonValue, names: Mapping[str, str], sentences: list[str]) -> JsonValue:
    """`value` with the holes of its texts filled. Raises KeyError for one that cannot be."""
    if isinstance(value, list):
        return [_complete_texts(one, names, sentences) for one in value]
    if isinstance(value, dict):
        return {key: _complete_texts(one, names, sentences) for key, one in value.items()}
    if not isinstance(value, str):
        return value

    def complete(hole: re.Match[str]) -> str:
        if hole["name"] is None:
            start, end = (int(hole[edge]) if hole[edge] else None for edge in ("start", "end"))
            return " ".join(sentences[start:end])
        return names[hole["name"]] if hole["instead"] is None else names.get(hole["name"], hole["instead"])

    return HOLE.sub(complete, value)
