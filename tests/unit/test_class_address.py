"""The address that a class guesses at is shown only where another machine gets an answer there."""

from __future__ import annotations

import pytest

from pages.teach.reach import build_address

HERE = "http://127.0.0.1:8501/teach"
OWN = "10.0.0.12"


@pytest.mark.parametrize(
    ("url", "bound", "allowed", "address"),
    [
        (HERE, "127.0.0.1", [], None),
        (HERE, "localhost", ["*"], None),
        (HERE, "::1", [], None),
        (HERE, "0.0.0.0", [], "10.0.0.12:8501/guess"),
        (HERE, "", [], "10.0.0.12:8501/guess"),
        (HERE, "::", ["*"], "10.0.0.12:8501/guess"),
        (HERE, "0.0.0.0", ["localhost", "127.0.0.1"], None),
        (HERE, "0.0.0.0", ["localhost", "10.0.0.12"], "10.0.0.12:8501/guess"),
        (HERE, "192.168.1.5", [], "192.168.1.5:8501/guess"),
        (HERE, "fd00::5", [], "[fd00::5]:8501/guess"),
        ("http://localhost:9000/base/teach", "0.0.0.0", [], "10.0.0.12:9000/base/guess"),
        ("http://10.0.0.12:8501/teach", "0.0.0.0", [OWN], "10.0.0.12:8501/guess"),
        ("https://scope.example/teach", "127.0.0.1", [], "https://scope.example/guess"),
        ("", "0.0.0.0", [], "10.0.0.12:8501/guess"),
    ],
)
def test_an_address_is_shown_only_where_others_are_answered(url, bound, allowed, address):
    assert build_address(url, bound, 8501, allowed, lambda: OWN) == address


def test_a_machine_without_a_network_has_no_address():
    assert build_address(HERE, "0.0.0.0", 8501, [], lambda: None) is None
