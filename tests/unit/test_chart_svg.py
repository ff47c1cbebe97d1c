"""The timeline as an SVG file."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refine_core.export.chart import draw_chart, write_svg
from refine_core.figures import describe_figure
from tests import logs

SVG = "{http://www.w3.org/2000/svg}"
KINDS = [
    logs.headline,
    logs.one,
    logs.two_stages,
    logs.running,
    logs.failures,
    logs.long,
    logs.parted,
    logs.nothing_yet,
]
PLAIN = {"svg", "title", "desc", "rect", "g", "text", "path", "circle"}


@pytest.mark.parametrize("make", KINDS)
def test_the_file_is_plain_svg_with_colours_of_its_own(make):
    """Programs for slides know no style sheets, no scripts and no variables."""
    root = ElementTree.fromstring(write_svg(make().timeline))
    assert {one.tag.removeprefix(SVG) for one in root.iter()} <= PLAIN
    painted = [
        value for one in root.iter() for name, value in one.attrib.items() if name in {"fill", "stroke"}
    ]
    assert all(value == "none" or re.fullmatch("#[0-9a-f]{6}", value) for value in painted)
    assert root[2].attrib["fill"] == "#ffffff"
    assert not any("class" in one.attrib or "href" in one.attrib for one in root.iter())


def test_a_screen_reader_is_told_what_the_file_shows():
    timeline = logs.headline().timeline
    root = ElementTree.fromstring(write_svg(timeline))
    assert root.findtext(f"{SVG}title") == "Stopped at attempt 4: reward 1.00 ≥ threshold 1.00."
    assert root.findtext(f"{SVG}desc") == describe_figure(timeline, live=False)


def texts(root):
    return [one.text for one in root.iter(f"{SVG}text") if one.attrib.get("aria-hidden") != "true"]


def test_each_reward_and_each_attempt_is_written_in_the_file():
    shown = texts(ElementTree.fromstring(write_svg(logs.headline().timeline)))
    assert [one for one in shown if one in {"0.33", "0.75", "1.00"}] == [
        "1.00",
        "0.33",
        "0.75",
        "0.75",
        "1.00",
    ]
    assert {"1", "2", "3", "4", "5", "headline", "advice", "threshold"} <= set(shown)


def test_the_file_says_what_its_marks_mean():
    shown = " ".join(texts(ElementTree.fromstring(write_svg(logs.headline().timeline)))).replace("\xa0", " ")
    for words in (
        "● scored",
        "■ reached the threshold",
        "○ around it: returned",
        "line: best so far",
        "arrow: a hint",
    ):
        assert words in shown
    assert "failed" not in shown, "no attempt failed"


@pytest.mark.parametrize("make", KINDS)
def test_nothing_is_drawn_outside_of_the_picture(make):
    for width in (360, 960):
        root = ElementTree.fromstring(write_svg(make().timeline, width=width))
        for one in root.iter(f"{SVG}circle"):
            assert 0 <= float(one.attrib["cx"]) <= width
        for one in root.iter(f"{SVG}text"):
            assert float(one.attrib["x"]) <= width


@given(title=st.text())
@settings(max_examples=60, deadline=None)
def test_any_title_is_text_in_the_file(title):
    root = ElementTree.fromstring(write_svg(logs.hostile().timeline, title=title))
    assert {one.tag.removeprefix(SVG) for one in root.iter()} <= PLAIN


def test_in_a_page_each_attempt_leads_to_its_words():
    chart = draw_chart(logs.headline().timeline, 800, link="#a")
    assert re.findall(r'href="([^"]*)"', chart) == ["#a1", "#a2", "#a3", "#a4"]
    assert chart.count('tabindex="-1"') == 4, "the table leads there by keyboard"


def test_a_branch_has_a_line_behind_what_it_keeps():
    log = logs.headline()
    assert 'class="line-branch"' not in draw_chart(log.timeline, 800)
    started = log.records[0]
    spec = replace(started.event.spec, parent="run-0", fork_attempt=3)
    log.records[0] = replace(started, event=replace(started.event, spec=spec))
    assert draw_chart(log.timeline, 800).count('class="line-branch"') == 1
