"""Examples out of dspy's own documentation, run as they stand and then with the two lines, against a server on this machine.

python -m tests.interop.documented PAGE.md HOME    by hand, with dspy's own Python: each code block of a page that has a Refine
                                                   or BestOfN; its runs are recorded in HOME
"""

from __future__ import annotations

import contextlib
import doctest
import inspect
import io
import os
import re
import runpy
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import Any

import dspy  # type: ignore[import-not-found]  # it is in an environment of its own

from tests.openai_server import Body, OpenAIServer

TWO_LINES = "from refine_core.interop import dspy_recorder\ndspy.configure(callbacks=[dspy_recorder()])\n"
MODEL = 'dspy.configure(lm=dspy.LM("openai/gpt-4o-mini"))\n'
_ASKED_FOR = re.compile(r"\[\[ ## (\w+) ## \]\]")


def read_docstrings() -> dict[str, str]:
    """The example in the docstring of each class that is recorded: a code block, or a session at a prompt."""
    return {kind.__name__: _read_docstring(kind) for kind in (dspy.Refine, dspy.BestOfN)}


def _read_docstring(kind: Any) -> str:
    text = inspect.cleandoc("\n".join(filter(None, (kind.__doc__, kind.__init__.__doc__))))
    sessions = doctest.DocTestParser().get_examples(text)
    return read_examples(text)[0] if not sessions else "".join(one.source for one in sessions)


def read_examples(text: str) -> list[str]:
    """The Python code blocks of a page that use a Refine or BestOfN."""
    blocks = re.findall(r"^( *)```python\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    return [
        code for _, block in blocks if re.search(r"dspy\.(Refine|BestOfN)\(", code := textwrap.dedent(block))
    ]


def add_two_lines(source: str) -> str:
    """The script with the recorder, switched on where its model is set."""
    *before, last = re.split(r"(?m)^(?=.*configure\(lm=)", source, maxsplit=1)
    configured, _, rest = last.partition("\n")
    return "".join((*before, configured, "\n", TWO_LINES, rest))


def run(source: str) -> dict[str, Any]:
    """What the script printed, its `result` or the error that ended it, and what it sent to the model."""
    with OpenAIServer(default=_answer) as server, tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "OPENAI_API_BASE": server.url,
            "OPENAI_BASE_URL": server.url,
            "OPENAI_API_KEY": "sk-none",
        }
        file = Path(folder, "script.py")  # dspy reads the source of the reward out of it
        file.write_text(source)
        printed, end = io.StringIO(), ""
        with contextlib.redirect_stdout(printed):
            try:
                result = runpy.run_path(str(file)).get("result")
                end = str(getattr(result, "answer", result))
            except Exception as error:  # noqa: BLE001 - how an example ends is part of what is compared
                end = f"{type(error).__name__}: {error}"
        return {"printed": printed.getvalue(), "end": end, "sent": [one.json for one in server.requests]}


def run_both(source: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The script as it stands, and with the two lines."""
    dspy.configure(callbacks=[])
    return run(source), run(add_two_lines(source))


def _answer(body: Body) -> str:
    """What a model says that learns only from a hint: each field that is asked for."""
    shown = str(body["messages"][-1]["content"])  # type: ignore[index]
    values = {
        "answer": "Brussels" if "hint_" in shown else "Brussels, I believe",
        "advice": '{"predict": "Answer with one word.", "self": "Answer with one word."}',
        "is_factual": "True",
        "summary": "word " * 75,
    }
    names = dict.fromkeys(_ASKED_FOR.findall(shown.rpartition("Respond with")[2]))
    return "\n\n".join(f"[[ ## {name} ## ]]\n{values.get(name, 'Because.')}" for name in names)


QA = """qa = dspy.ChainOfThought("question -> answer")
def one_word_answer(args, pred):
    return 1.0 if len(pred.answer.split()) == 1 else 0.0
"""
"""What blocks of a page take from those before them."""


def main() -> None:
    """Run the examples of a page, and say how each ended."""
    page, home = sys.argv[1:]
    os.environ["REFINESCOPE_HOME"] = home
    dspy.configure_cache(enable_disk_cache=False, enable_memory_cache=False)
    for code in read_examples(Path(page).read_text()):
        source = f"import dspy\n{MODEL}{'' if 'qa =' in code else QA}{code}"
        plain, recorded = run_both(source)
        said = (code, f"ends: {plain['end']}", plain["printed"], f"recorded, the same: {plain == recorded}")
        sys.stdout.write("\n".join(("=" * 80, *said, "")))


if __name__ == "__main__":
    main()
