"""Litellm is imported in the background while pages run, and reads sys.path meanwhile."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = """
import sys
import app
from streamlit.runtime.scriptrunner.exec_code import modified_sys_path
before = list(sys.path)
with modified_sys_path(str(app.app.script_path)):
    assert sys.path == before, sys.path
assert sys.path == before, sys.path
"""


def test_sys_path_stays_as_it_is_while_a_page_runs():
    """An entry that is taken away during an import makes the import miss the next: "litellm cannot be imported"."""
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr[-2000:]
