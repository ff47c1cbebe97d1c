"""The connection under test, what its server's list of models showed, and how sentences name it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from refine_core.connections.connection_test.model_list import ModelList
from refine_core.connections.connection_test.refusals import QUOTE_START
from refine_core.connections.model_names import typed_name
from refine_core.errors import LMError
from refine_core.spec import ModelSpec


@dataclass(slots=True)
class Target:
    """What is tested. listing: the answer to the request for its list. similar: listed names like the model's."""

    model: ModelSpec
    key: str | None
    listing: ModelList
    similar: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The model, as a person types it, in quotes."""
        return repr(typed_name(self.model))

    @property
    def where(self) -> str:
        """The server or the provider."""
        if not self.model.api_base:
            return f"the provider of {self.name}"
        parts = urlsplit(self.model.api_base)
        return f"the server at {parts.scheme}://{parts.netloc}{parts.path}"

    @property
    def suggestion(self) -> str:
        """The question "Did you mean …?" with a blank before it; "" without similar names."""
        return f" Did you mean {' or '.join(map(repr, self.similar))}?" if self.similar else ""

    @property
    def not_listed(self) -> str:
        """The sentence for a model that the server does not list."""
        return f"{self.name} is not among the models that the server lists.{self.suggestion}"

    def quote(self, error: LMError) -> str:
        """The error's text, with the model's name as it was typed; the server's own words are unchanged."""
        ours, *theirs = str(error).partition(QUOTE_START)
        return capitalize(ours.replace(repr(self.model.model), self.name)) + "".join(theirs)


def capitalize(text: str) -> str:
    """The text with a capital first letter, the rest unchanged."""
    return text[:1].upper() + text[1:]
