"""JSON that may be broken or hostile: one value out of one text, or a sentence that says what is wrong."""

from __future__ import annotations

import json
from typing import Any


def parse_json(text: str) -> Any:
    """The value. NaN and Infinity, which Python writes though JSON has none, are read. Raises ValueError with a sentence."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = (
            f"line {error.lineno}, column {error.colno}" if "\n" in text.strip() else f"column {error.colno}"
        )
        raise ValueError(f"it is not JSON: {_words(error.msg)} at {where}") from None
    except RecursionError:
        raise ValueError("its lists and objects are nested too deep") from None
    except ValueError:  # int() of thousands of digits
        raise ValueError("it holds a number with thousands of digits") from None


def _words(message: str) -> str:
    return message[:1].lower() + message[1:].removesuffix(" at").removesuffix(" starting at")
