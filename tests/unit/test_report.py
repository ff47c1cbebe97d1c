"""The report: one HTML file of one run, and the events inside it."""

from __future__ import annotations

import pytest

from refine_core.export.report import EmbeddingError, read_embedded, write_html
from refine_core.log.codec import loads
from tests import logs

KINDS = [logs.headline, logs.two_stages, logs.failures, logs.hostile, logs.cancelled, logs.running]


@pytest.mark.parametrize("make", KINDS)
def test_a_report_holds_every_event_of_its_run(make):
    records = make().records
    _, *lines = read_embedded(write_html(records).encode()).decode().splitlines()
    assert [loads(line)["seq"] for line in lines] == [record.seq for record in records]


def test_a_file_without_a_run_is_refused_with_a_reason():
    with pytest.raises(EmbeddingError, match="holds no run"):
        read_embedded(b"<html></html>")
