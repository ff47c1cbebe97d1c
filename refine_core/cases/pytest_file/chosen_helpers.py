"""The helpers that a file needs, and what they are called in it: their own names, or others where the reward uses these."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from refine_core.cases.pytest_file.helpers import HELPERS, IMPORTS, write_score_of
from refine_core.cases.pytest_file.names import free_name
from refine_core.rewards.shapes import Shape

_WORD: Final = re.compile(r"(?<![.\w])[A-Za-z_]\w*")


class ChosenHelpers:
    """taken: names that the reward uses itself. names: helper or import -> what it is called here."""

    def __init__(self, taken: Collection[str]) -> None:
        self._taken = taken
        self.names: dict[str, str] = {}

    def need(self, what: str) -> None:
        """Note that a helper is needed under its own name."""
        self.names[what] = what

    def use(self, what: str) -> str:
        """Note that a helper is needed; the name that it has here. "score_of trl" reads the returns of a shape."""
        if what not in self.names:
            first, _, rest = what.partition(" ")
            wanted = rest if first == "instance" else first
            if first == "score_of" and any(one.startswith("score_of ") for one in self.names):
                wanted = f"score_of_{rest}"
            self.names[what] = free_name(wanted, {*self._taken, *self.names.values()})
        return self.names[what]

    def write(self) -> list[str]:
        """The helpers that are needed, and those that they need."""
        texts: dict[str, str] = {}
        todo = list(self.names)
        while todo:
            what = todo.pop(0)
            first, _, shape = what.partition(" ")
            text = HELPERS.get(what, "")
            if first == "score_of":
                text = write_score_of(_shape(shape)).replace("score_of", self.names[what])
            if not text or what in texts:
                continue
            texts[what] = text
            for word in _WORD.findall(_strip_strings(text)):
                if (word in HELPERS or word in IMPORTS) and word != what and word not in self.names:
                    self.use(word)
                    todo.append(word)
        return [self._rename(text) for text in texts.values()]

    def _rename(self, text: str) -> str:
        other = {
            what: name
            for what, name in self.names.items()
            if what != name and (what in HELPERS or what in IMPORTS)
        }
        return _WORD.sub(lambda found: other.get(found[0], found[0]), text) if other else text

    def write_imports(self) -> str:
        lines = []
        for what, statement in IMPORTS.items():
            if what in self.names:
                name = self.names[what]
                lines.append(statement if name == what else f"{statement} as {name}")
        return "\n".join(lines)


def _shape(text: str) -> Shape:
    return text  # type: ignore[return-value]  # `use` was given one


def _strip_strings(text: str) -> str:
    """Code without what stands in quotes."""
    return re.sub(r'"""[\s\S]*?"""|f?"[^"\n]*"', "", text)
