"""Names in a script that nothing of the reward's own source can be mistaken for."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field


@dataclass(slots=True)
class Names:
    """library: "dspy" or "refine_core", as the script calls it. taken: names that the reward binds."""

    library: str
    taken: Collection[str]
    _signatures: dict[str, str] = field(default_factory=dict)
    _chosen: dict[str, str] = field(default_factory=dict)

    def free(self, wanted: str) -> str:
        """The name, or with underscores behind it where it is taken; the same each time."""
        if wanted not in self._chosen:
            name = wanted
            while name in self.taken or name in self._chosen.values():
                name += "_"
            self._chosen[wanted] = name
        return self._chosen[wanted]

    def signature(self, stage: str) -> str:
        """The class of a stage's signature."""
        if stage not in self._signatures:
            words = [word for word in re.split(r"[^0-9A-Za-z]+", stage) if word]
            plain = "".join(word[:1].upper() + word[1:] for word in words)
            start = (plain if plain[:1].isalpha() else f"Stage{plain}")[:40]
            name = f"{start}Signature"
            while name in self._signatures.values() or name in self.taken:
                name += "_"
            self._signatures[stage] = name
        return self._signatures[stage]

    @property
    def program(self) -> str:
        """The class of the program."""
        return self.free("Program")
