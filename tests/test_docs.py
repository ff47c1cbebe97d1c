"""What the README and docs/ say works: their code runs, their links lead somewhere, their commands are those of the CI."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from refine_core.rewards import RewardRunner, find_reward
from tests.openai_server import OpenAIServer, polite

ROOT = Path(__file__).parents[1]
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCKS = [
    pytest.param(block, id=f"{page.name}-{i}")
    for page in DOCS
    for i, block in enumerate(re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL))
    if not block.startswith("def reward")
]


@pytest.mark.parametrize("block", BLOCKS)
def test_the_code_in_the_docs_runs_as_it_stands(block, tmp_path):
    """Whatever it asks a model is answered by a real server on loopback."""
    with OpenAIServer(default=polite) as server:
        where = {"API_BASE": server.url, "OPENAI_API_BASE": server.url, "OPENAI_BASE_URL": server.url}
        environment = {
            **os.environ,
            **where,
            "API_KEY": "none",
            "OPENAI_API_KEY": "none",
            "HOME": str(tmp_path),
        }
        script = tmp_path / "block.py"
        script.write_text(block, encoding="utf-8")
        ended = subprocess.run(
            [sys.executable, script],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    assert ended.returncode == 0, ended.stderr


def test_the_readmes_reward_scores_in_the_sandbox():
    readme = DOCS[0].read_text(encoding="utf-8")
    source = next(
        b for b in re.findall(r"```python\n(.*?)```", readme, re.DOTALL) if b.startswith("def reward")
    )
    assert find_reward(source) == "reward"
    with RewardRunner(source) as runner:
        scored = runner.score({"question": "?"}, {"answer": "in Brussels"})
    assert (scored.value, scored.feedback) == (0.5, "2 words instead of one")


def test_every_link_in_the_docs_leads_to_a_file():
    for page in DOCS:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}, which is not there"


def test_every_link_to_a_section_of_the_docs_leads_to_one():
    for page in DOCS:
        for target, section in re.findall(r"\]\(([^)#:]*)#([^)]+)\)", page.read_text(encoding="utf-8")):
            text = ((page.parent / target) if target else page).read_text(encoding="utf-8")
            titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
            sections = {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}
            assert section in sections, f"{page.name} links to {target}#{section}, which is not there"


def test_the_readme_is_short():
    """It is read in a minute; what takes longer is in docs/."""
    assert len(DOCS[0].read_text(encoding="utf-8").splitlines()) <= 120
