"""Drafts and saved programs: what is kept, what never is, and what happens to the oldest."""

import pytest

from refine_core import programs, runs
from refine_core.errors import SpecError
from refine_core.programs.drafts import MAX_DRAFTS

SPEC = programs.EXAMPLES["two_stages"].spec


@pytest.fixture(autouse=True)
def _own_store():
    runs.close()
    yield
    runs.close()


def test_a_draft_comes_back_as_it_was_after_a_restart():
    fields = {
        "N": 7,
        "threshold": "not a number",
        "in.context.json": "[1,",
        "=stages": [0, 3],
        "half": "\ud83d",
    }
    programs.save_draft("one", fields, replaced={"N": 5})
    runs.close()  # as the next start of the app finds it
    draft = programs.read_draft("one")
    assert draft is not None
    assert (draft.fields, draft.replaced) == (fields, {"N": 5})
    assert programs.newest_draft() == draft
    assert programs.read_draft("two") is None


def test_what_looks_like_a_key_is_left_out_of_a_draft():
    key = "sk-proj-" + "Ab3dE5gH7jK9mN1pQ3sT5vW7"
    kept = programs.draft_fields(
        {"model.env": key, "model.name": "openai/gpt-4o-mini", "N": 5, "file": object()}
    )
    assert kept == {"model.name": "openai/gpt-4o-mini", "N": 5}


def test_the_oldest_drafts_go():
    for n in range(MAX_DRAFTS + 3):
        programs.save_draft(f"d{n:02}", {"N": n})
    programs.drop_old_drafts()
    left = runs.default().store.documents("draft")
    assert set(left) == {f"d{n:02}" for n in range(3, MAX_DRAFTS + 3)}
    assert programs.newest_draft().fields == {"N": MAX_DRAFTS + 2}


def test_a_draft_that_cannot_be_read_is_left_as_it_is():
    runs.default().store.put("draft", "odd", "{no json")
    assert programs.read_draft("odd") is None
    assert programs.newest_draft() is None
    assert runs.default().store.documents("draft") == {"odd": "{no json"}


def test_a_program_is_saved_under_its_name_and_comes_back():
    assert programs.save_program("  support triage ", SPEC) == "support triage"
    runs.close()
    (name, spec), *rest = programs.list_programs().items()
    assert (name, rest) == ("support triage", [])
    assert (spec.title, spec.example, spec.stages, spec.reward) == (name, None, SPEC.stages, SPEC.reward)
    assert programs.remove_program(name)
    assert programs.list_programs() == {}


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 81])
def test_a_program_needs_a_name_of_one_line(name):
    with pytest.raises(SpecError):
        programs.save_program(name, SPEC)
    assert programs.list_programs() == {}


def test_a_saved_program_is_replaced_only_when_asked():
    programs.save_program("one", SPEC)
    with pytest.raises(SpecError, match="already"):
        programs.save_program("one", programs.EXAMPLES["one_word"].spec)
    assert programs.list_programs()["one"].stages == SPEC.stages
    programs.save_program("one", programs.EXAMPLES["one_word"].spec, replacing=True)
    assert programs.list_programs()["one"].stages == programs.EXAMPLES["one_word"].spec.stages
