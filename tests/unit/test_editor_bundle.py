"""The editor without a browser: what is committed, and the Python side."""

import hashlib
import re
from pathlib import Path

from streamlit.testing.v1 import AppTest

from pages.shared.web import EDITOR as BUNDLE

EDITOR = BUNDLE.parents[1]
INPUTS = ("src/index.js", "package-lock.json", "build.mjs")


def test_bundle_is_built_from_the_source_beside_it():
    """Otherwise run `npm ci && npm run build` in assets/editor."""
    source = hashlib.sha256()
    for path in INPUTS:
        source.update(_text(EDITOR / path).encode())
    stamped = re.search(r"source-sha256: (\w+)", _text(BUNDLE)[:300])
    assert stamped, "no banner in the bundle"
    assert stamped[1] == source.hexdigest()


def test_bundle_names_no_other_host():
    """The W3C's namespaces are names, not addresses."""
    urls = set(re.findall(r"""(?:https?|wss?):\\?/\\?/[^\s"'`)]*""", _text(BUNDLE)))
    assert {url for url in urls if not url.startswith("http://www.w3.org/")} == set()


def test_bundle_has_no_way_to_fetch():
    """Neither a request, nor a worker, nor a later import."""
    code = re.sub(r"/\*!.*?\*/", "", _text(BUNDLE), flags=re.DOTALL)
    calls = (
        r"\b(?:fetch|XMLHttpRequest|WebSocket|EventSource|sendBeacon|Worker|importScripts|import|eval)\s*\("
    )
    assert re.findall(calls, code) == []


def test_bundle_carries_the_licence_of_what_it_contains():
    assert "Marijn Haverbeke" in _text(BUNDLE)
    assert "Permission is hereby granted" in _text(BUNDLE)


def test_lockfile_names_no_registry():
    assert "http" not in _text(EDITOR / "package-lock.json")


def test_code_is_what_python_gave_until_something_is_typed():
    app = AppTest.from_function(_app, default_timeout=30).run()
    assert _shown(app) == "a = 0"
    app.session_state["reward"] = {"draft": {"code": "typed\r\ntext", "rev": 0}}
    assert _shown(app.run()) == "typed\ntext"


def test_typed_text_outlives_a_run_without_the_editor():
    """Streamlit forgets a component that one run did not draw."""
    app = AppTest.from_function(_app, default_timeout=30).run()
    app.session_state["reward"] = {"draft": {"code": "typed", "rev": 0}}
    app.run()
    app.session_state["hidden"] = True
    app.run()
    app.session_state["hidden"] = False
    assert _shown(app.run()) == "typed"


def test_a_new_rev_replaces_what_was_typed():
    app = AppTest.from_function(_app, default_timeout=30).run()
    app.session_state["reward"] = {"draft": {"code": "typed", "rev": 0}}
    app.run()
    app.session_state["rev"] = 1
    assert _shown(app.run()) == "a = 1"


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _shown(app: AppTest) -> str:
    assert not app.exception, app.exception
    return str(app.text[0].value)


def _app() -> None:
    import streamlit as st

    from pages.shared.editor import editor

    rev = st.session_state.get("rev", 0)
    if not st.session_state.get("hidden"):
        st.text(editor(f"a = {rev}", key="reward", label="Reward", rev=rev).code)
