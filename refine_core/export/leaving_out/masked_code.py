"""Python with values masked in its texts and comments, so that it stays Python."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Callable
from typing import Final

from refine_core.left_out import LEFT_OUT


def mask_code(source: str, mask: Callable[[str], str]) -> str:
    """The source with `mask` of each text and comment in it; what is no Python is masked as a whole."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError, ValueError):
        return mask(source)
    lines = source.splitlines(keepends=True)
    for token in reversed(tokens):
        if token.type in _TEXT_TOKENS and (masked := mask(token.string)) != token.string:
            _put(lines, token, _keep_quotes(token, masked))
    return "".join(lines)


_TEXT_TOKENS: Final = frozenset(
    (tokenize.STRING, tokenize.COMMENT, getattr(tokenize, "FSTRING_MIDDLE", tokenize.COMMENT))
)
_QUOTES: Final = re.compile(r"(?s)([A-Za-z]*(\"\"\"|'''|\"|')).*\2\Z")


def _keep_quotes(token: tokenize.TokenInfo, masked: str) -> str:
    """A masked literal that is a literal still."""
    if token.type != tokenize.STRING:
        return masked
    quotes = _QUOTES.fullmatch(token.string)
    if quotes is None or (masked.startswith(quotes[1]) and masked.endswith(quotes[2])):
        return masked
    return f"{quotes[1]}{LEFT_OUT}{quotes[2]}"


def _put(lines: list[str], token: tokenize.TokenInfo, text: str) -> None:
    """Put a text in the place of a token, which may span lines."""
    (first, start), (last, end) = token.start, token.end
    lines[first - 1 : last] = [f"{lines[first - 1][:start]}{text}{lines[last - 1][end:]}"]
