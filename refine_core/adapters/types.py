"""What completing a signature needs of an adapter: the types alone, so that the adapters may import what completes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from refine_core.signatures.signature import Signature

Messages = list[dict[str, str]]
"""[{"role": "system" | "user" | "assistant", "content": text}, …]"""


class AdapterLike(Protocol):
    """An adapter: see refine_core.adapters.base.Adapter, which says what each member is."""

    learns: bool
    returns_all_outputs: bool

    @property
    def fallback(self) -> AdapterLike | None: ...

    def format(
        self, signature: type[Signature], demos: Sequence[Mapping[str, Any]], inputs: Mapping[str, Any]
    ) -> Messages: ...

    def alternatives(
        self, signature: type[Signature], supports: Callable[[str], bool]
    ) -> Sequence[Mapping[str, object]]: ...

    def parse(self, signature: type[Signature], completion: str) -> dict[str, Any]: ...

    def is_whole(self, signature: type[Signature], completion: str) -> bool: ...
