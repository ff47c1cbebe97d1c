"""What is secret, by its name or its looks: one rule for what is refused, hidden, or left out of what is recorded."""

from __future__ import annotations

import os
import re
from functools import lru_cache

SECRET_NAME = re.compile(
    r"(keys?|access_?key_?id|token|secrets?|passwords?|passwd|headers?|cookies?|credentials?|authorization|auth|bearer)$"
    r"|(^|api_?|access_?|auth_?|bearer_?|refresh_?|security_?|session_?)tokens$",  # but not max_tokens
    re.IGNORECASE,
)
"""A parameter named like this is sent, but never shown, recorded, dumped or pickled."""

SECRET_LIKE = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|hf)[-_][\w*.…-]{3,}"  # keys by their usual first letters, masked ones too
    r"|\bAIza[\w-]{10,}|\beyJ[\w-]+\.[\w.-]+"  # Google's keys; JSON web tokens
    # Other services'. These letters begin plain words too, so much must follow that no word has.
    r"|\b(?:r8_|fw_|tgp_v\d_|pplx-|nvapi-|csk-|gh[opsu]_|github_pat_|dapi|ya29\.|ABSK)(?=[a-z_-]{0,40}[0-9])[\w.-]{20,}"
    r"|(?<=Bearer )\S+|(?<=[?&]key=)[^&\s]+|(?<=://)[^/\s@]+@",
    re.IGNORECASE,
)
"""Text that is never shown, since it looks like a key or a login."""


@lru_cache(maxsize=1024)
def is_secret(name: str) -> bool:
    """Whether a parameter of this name is a secret."""
    return SECRET_NAME.search(name) is not None


def environment_key(variable: object) -> str | None:
    """The key in an environment variable; None if it is not set or empty, or if `variable` is no name.

    This is the one place where a key is read from the environment. A typed key goes before it; runs.Credentials holds those.
    """
    return os.environ.get(variable) or None if isinstance(variable, str) else None
