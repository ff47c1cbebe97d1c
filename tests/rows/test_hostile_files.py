"""Broken, hostile and unsuitable files: a sentence that says what, where and what to do, and bounded memory."""

from __future__ import annotations

import io
import json
import os
import random
import struct
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refine_core.errors import RowsError
from refine_core.rows import MappingQuestion, RowSet, open_file, read_rows

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data" / "rows"
OUT = {"completion": "output"}


def refusal(source, mapping=None, **kw):
    with pytest.raises(RowsError) as caught:
        read_rows(source, mapping, **kw)
    message = str(caught.value)
    assert message.endswith("."), message
    assert len(message) < 600
    assert "Traceback" not in message
    return message


def zipped(members, method=zipfile.ZIP_DEFLATED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


def parquet(table):
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b" \n\t\n", "holds nothing but blank space"),
        (b"hello world", "neither a table nor JSON"),
        (b"a,b\n", "has a header and no rows"),
        (b"[]", "has no rows"),
        (b"{}", "has no rows"),
        (b"null", "neither a table nor JSON"),
        (b'{"a": [', "expecting value at column 8"),
        (b'{\n "a": 1,\n "b": oops\n}', "expecting value at line 3, column 7"),
        (b"[1, 2]", "it is a number, not an object"),
        (b'["a", "b"]', "it is text, not an object"),
        (bytes(range(256)) * 40, "is a binary file"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "binary"),
        (b"\x7fELF\x02\x01\x01" + b"\x00" * 50, "NUL byte"),
        (b"SQLite format 3\x00", "a database"),
        (b"\x1f\x8b\x08\x00", "compressed with gzip"),
        (b"\x80\x04\x95\x10", "a pickle"),
        (b"%PDF-1.7", "a PDF"),
        (b"a,b\n1,2\n3,\x004\n", "has a NUL byte in line 3"),
        ("prompt,completion\n1,2\né,2\n".encode("latin-1"), "line 3 has the byte 0xe9. Save it as UTF-8"),
        ("prompt,completion\n1,2\n".encode("utf-16-le"), "looks like UTF-16 without a mark"),
        ("prompt,completion\n1,2\n".encode("utf-16-be"), "utf-16-be"),
        ("prompt,completion\n1,2\n".encode("utf-16")[:-1], "is not utf-16 text"),
        (b"PAR1", "Parquet file that cannot be read"),
        (b"PAR1" + b"\x00" * 100 + b"PAR1", "Parquet file that cannot be read"),
        (b"PK\x03\x04 nothing more", "damaged or cut off"),
    ],
)  # fmt: skip
def test_what_holds_no_rows_is_refused_in_words(data, words):
    assert words in refusal(data, name="f")


def test_other_encodings_are_read_where_somebody_names_them():
    data = "prompt,completion\né,ü\n".encode("cp1252")
    assert read_rows(data, OUT, encoding="cp1252")[0].prediction == {"completion": "ü"}
    data = "prompt,completion\né,ü\n".encode("utf-16-le")
    assert read_rows(data, OUT, encoding="utf-16-le")[0].prediction == {"completion": "ü"}


@pytest.mark.parametrize("make", [lambda p: p.mkdir(), lambda _: None], ids=["a folder", "nothing"])
def test_a_path_that_is_no_file_is_refused(tmp_path, make):
    path = tmp_path / "x.csv"
    make(path)
    assert "x.csv" in refusal(path)


def test_a_file_of_a_gigabyte_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "big.jsonl"
    with path.open("wb") as file:
        file.truncate(1 << 30)
    assert refusal(path) == "big.jsonl has 1 GB; up to 512 MB can be read. Take a part of it."


@pytest.mark.skipif(sys.platform == "win32", reason="devices and pipes are POSIX")
def test_a_device_is_refused_and_a_pipe_is_read(tmp_path):
    assert "is not a file but a device" in refusal(Path("/dev/zero"))
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(b"completion\nx\n"), daemon=True)
    writer.start()
    assert len(read_rows(pipe, OUT)) == 1


def test_a_row_of_ten_megabytes_is_named_in_every_kind_of_file():
    big = "x" * 10_000_000
    jsonl = '{"completion": "a"}\n' + json.dumps({"completion": big}) + "\n" + '{"completion": "b"}\n'
    for data, place in (
        (jsonl, "line 2"),
        (json.dumps([{"completion": "a"}, {"completion": big}, {"completion": "b"}]), "row 2"),
        (f'completion,n\na,1\n"{big}",2\nb,3\n', "line 3"),
        (parquet(pa.table({"completion": ["a", big, "b"]})), "row 2"),
    ):
        assert f"{place}: " in refusal(data, OUT)
        rows = read_rows(data, OUT, skip_bad=True)
        assert [row.prediction["completion"] for row in rows] == ["a", "b"]
        assert rows.bad_count == 1


def test_deep_nesting_is_named_by_its_row():
    for depth in (100, 100_000):
        deep = "[" * depth + "]" * depth
        assert "nested" in refusal(f'{{"completion": 1}}\n{{"completion": {deep}}}', OUT)
        assert "nested" in refusal(f'[{{"completion": {deep}}}]', OUT)
    value = pa.array([1])
    for _ in range(70):
        value = pa.ListArray.from_arrays([0, len(value)], value)
    assert "deeply nested" in refusal(parquet(pa.table({"completion": value})), OUT)


def deep_schema(depth):
    """A Parquet file without rows that has columns in columns: Thrift's compact protocol, by the format's parquet.thrift."""

    def varint(number):
        return bytes([number]) if number < 0x80 else bytes([number & 0x7F | 0x80]) + varint(number >> 7)

    root = b"\x48\x01r\x15\x02\x00"  # name "r", one child
    group = b"\x35\x02\x18\x01a\x15\x02\x00"  # optional, name "a", one child
    leaf = b"\x15\x02\x25\x02\x18\x01x\x00"  # an optional INT32
    schema = b"\x19\xfc" + varint(depth + 2) + root + group * depth + leaf
    meta = b"\x15\x02" + schema + b"\x16\x00\x19\x0c\x00"  # version 1, the schema, no rows, no row groups
    return b"PAR1" + meta + len(meta).to_bytes(4, "little") + b"PAR1"


def test_a_schema_that_would_overflow_the_stack_is_refused():
    """It crashes pyarrow up to 25, and with it the process."""
    assert "has columns and no rows" in refusal(deep_schema(5), OUT)
    for depth in (150, 100_000):
        assert "too deeply nested" in refusal(deep_schema(depth), OUT)


def test_ragged_rows_unclosed_quotes_and_mixed_types_are_named():
    assert "line 3: 3 values for 2 columns" in refusal("completion,b\n1,2\n1,2,3\n", OUT)
    assert "line 3: 1 value for 2 columns" in refusal('completion,b\n1,2\n"never closed,3\n4,5\n', OUT)
    rows = read_rows('{"completion": 1}\n{"completion": {"a": [null]}}\n{"completion": false}', OUT)
    assert [row.prediction["completion"] for row in rows] == [1, {"a": [None]}, False]


def test_numbers_that_json_has_not_are_unscored_or_refused():
    mapping = {"completion": "output", "score": "reward"}
    assert read_rows('{"completion": 1, "score": NaN}', mapping)[0].reward is None
    assert "must be finite" in refusal('{"completion": 1, "score": Infinity}', mapping)
    assert "too large a number" in refusal('{"completion": 1, "score": 1' + "0" * 400 + "}", mapping)
    assert "thousands of digits" in refusal('{"completion": ' + "9" * 5000 + "}", OUT)


def test_half_a_surrogate_pair_survives():
    rows = read_rows('{"completion": "\\ud800 x"}', OUT)
    assert rows[0].prediction == {"completion": "\ud800 x"}


def test_a_pasted_half_surrogate_is_refused_in_words():
    assert "is not UTF-8 text" in refusal("completion\n\ud800\n", OUT)


def test_names_that_mean_something_to_python_are_only_names():
    text = '{"__class__": "x", "completion": "y", "__init__": {"__globals__": 1}}'
    rows = read_rows(text, {"completion": "output", "__class__": "input", "__init__": "input"})
    assert rows[0].inputs == {"__class__": "x", "__init__": {"__globals__": 1}}


def test_too_many_columns_are_refused():
    assert "columns; up to 2,000" in refusal(",".join(f"c{i}" for i in range(3000)) + "\n")


# Archives


def test_a_zip_that_is_no_log_is_refused():
    assert "no Inspect log" in refusal(zipped({"a.csv": "completion\n1\n"}))
    assert "Excel" in refusal(zipped({"[Content_Types].xml": "", "xl/workbook.xml": ""}))
    assert "without samples" in refusal(zipped({"header.json": "{}"}))


def test_a_zip_bomb_is_refused_before_it_is_unpacked():
    bomb = zipped({"header.json": "{}", "samples/a_epoch_1.json": b"0" * (130 << 20)})
    assert len(bomb) < 1 << 20
    assert "up to 128 MB can be read" in refusal(bomb)
    claims = bytearray(zipped({"header.json": "{}", "samples/a_epoch_1.json": "{}"}))
    entry = claims.rindex(b"PK\x01\x02")
    claims[entry + 24 : entry + 28] = struct.pack("<I", 3 << 30)
    assert "2 files of 3 GB; up to 1 GB can be read" in refusal(bytes(claims))


def test_a_log_of_many_samples_has_its_list_of_members_read_once(monkeypatch):
    opened = []

    class Counting(zipfile.ZipFile):
        def __init__(self, *args, **kw):
            opened.append(args)
            super().__init__(*args, **kw)

    sample = json.dumps({"id": 1, "epoch": 1, "input": "?", "target": "", "messages": [], "output": {"choices": [{"message": {"content": "x"}}]}})  # fmt: skip
    log = zipped({"header.json": "{}", **{f"samples/{i}_epoch_1.json": sample for i in range(50)}})
    monkeypatch.setattr(zipfile, "ZipFile", Counting)
    assert len(read_rows(log)) == 50
    assert len(opened) <= 3, "else reading takes the square of the samples"


def test_a_member_that_lies_about_its_size_is_damaged():
    data = bytearray((DATA / "inspect.eval").read_bytes())
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        info = archive.getinfo("samples/capital_epoch_1.json")
    entry = data.rindex(b"PK\x01\x02", 0, data.rindex(b"samples/capital_epoch_1.json"))
    for size in (10, info.file_size + 5):
        data[entry + 24 : entry + 28] = struct.pack("<I", size)
        assert "is damaged: samples/capital_epoch_1.json" in refusal(bytes(data))


def test_a_member_that_lies_about_its_place_is_damaged():
    data = bytearray((DATA / "inspect.eval").read_bytes())
    entry = data.rindex(b"PK\x01\x02", 0, data.rindex(b"samples/capital_epoch_1.json"))
    for offset in (len(data) - 5, 7, 1 << 31):
        data[entry + 42 : entry + 46] = struct.pack("<I", offset)
        assert "damaged" in refusal(bytes(data))


def test_paths_in_a_zip_lead_nowhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sample = json.dumps({"id": 1, "epoch": 1, "input": "?", "target": "", "messages": [], "output": {"completion": "", "choices": [{"message": {"content": "x"}}]}})  # fmt: skip
    names = ("samples/../../up.json", "/samples/root.json", "samples/a_epoch_1.json")
    rows = read_rows(zipped({"header.json": "{}", **dict.fromkeys(names, sample)}))
    assert len(rows) == 2, "only members under samples/ are read, and none is written"
    assert list(tmp_path.iterdir()) == []


def test_a_log_that_was_cut_off_or_broken_is_refused():
    data = (DATA / "inspect.eval").read_bytes()
    assert "damaged or cut off" in refusal(data[:-30])
    broken = bytearray(data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        offset = archive.getinfo("samples/capital_epoch_1.json").header_offset
    broken[offset + 80 : offset + 200] = b"\xff" * 120
    assert "is damaged" in refusal(bytes(broken))
    bad = zipped({"header.json": "{}", "samples/a_epoch_1.json": "{not json"})
    assert "samples/a_epoch_1.json: it is not JSON" in refusal(bad)


# Parquet


def test_a_parquet_file_that_was_cut_off_is_refused():
    data = parquet(pa.table({"completion": ["a"] * 1000}))
    for end in (5, len(data) // 2, len(data) - 1):
        assert "cannot be read" in refusal(data[:end], OUT)


def test_a_parquet_file_that_claims_a_billion_rows_is_refused():
    table = pa.table({"completion": pa.array(["x"])})
    data = bytearray(parquet(table))
    length = struct.unpack("<I", data[-8:-4])[0]
    footer = bytes(data[-8 - length : -8])
    rows = bytes([0x16, 0x02])  # the count of rows: an i64 of 1, as compact thrift writes it
    at = footer.index(rows, footer.index(b"completion"))
    claimed = footer[:at] + b"\x16" + bytes([0x80, 0xA8, 0xD6, 0xB9, 0x07]) + footer[at + 2 :]
    forged = bytes(data[: -8 - length]) + claimed + struct.pack("<I", len(claimed)) + b"PAR1"
    assert "says that it has 1,000,000,000 rows; up to 1,000,000 can be read" in refusal(forged, OUT)


def test_one_value_repeated_a_million_times_stays_small_in_memory(tmp_path):
    """A dictionary page holds 1 MB once; decoded as a whole it would be a hundred gigabytes."""
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 100_000, pa.int32()), pa.array(["x" * 1_000_000]))
    path = tmp_path / "bomb.parquet"
    pq.write_table(pa.table({"completion": column}), path)
    assert path.stat().st_size < 4 << 20
    code = f"""
import resource, sys
from pathlib import Path
from refine_core.errors import RowsError
from refine_core.rows import read_rows
import pyarrow.parquet
try:
    read_rows(Path({str(path)!r}), {OUT!r})
except RowsError as error:
    print(error)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    message, peak_mb = done.stdout.splitlines()
    assert "Take a part of it." in message
    assert int(peak_mb) < 2_000


def test_bytes_dates_and_missing_numbers_become_json(tmp_path):
    import datetime
    import decimal

    table = pa.table(
        {
            "completion": ["a"],
            "image": [b"\x89PNG" * 100],
            "day": [datetime.date(2026, 1, 2)],
            "price": [decimal.Decimal("1.50")],
            "nan": [float("nan")],
            "map": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())),
            "__index_level_0__": [7],
        }
    )
    mapping = {**OUT, "image": "input", "day": "input", "price": "input", "nan": "input", "map": "input"}
    (row,) = read_rows(parquet(table), mapping)
    assert row.inputs == {
        "image": "<400 bytes>",
        "day": "2026-01-02",
        "price": "1.50",
        "nan": None,
        "map": [["k", 1]],
    }
    assert "__index_level_0__" not in open_file(parquet(table)).columns


def test_a_time_that_python_does_not_know_is_a_sentence():
    far = pa.array([2**62], pa.timestamp("us"))
    assert "cannot be read" in refusal(parquet(pa.table({"completion": far})), OUT)


def test_two_columns_of_one_name_in_parquet_are_refused():
    table = pa.table([pa.array(["a"]), pa.array(["b"])], names=["completion", "completion"])
    assert "two columns of the same name" in refusal(parquet(table), OUT)


# Whatever comes


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=300), st.text(max_size=200)))
def test_any_bytes_and_any_text_are_rows_a_question_or_a_sentence(source):
    try:
        assert isinstance(read_rows(source), RowSet | MappingQuestion)
    except RowsError as error:
        assert str(error).endswith(".")


SEEDS = [(DATA / name).read_bytes() for name in ("promptfoo.csv", "promptfoo.jsonl", "promptfoo.json", "inspect.eval", "dspy-evaluate.json")]  # fmt: skip
SEEDS.append(
    parquet(pa.table({"step": [1], "prompt": ["?"], "completion": ["x"], "advantage": [0.0], "r": [1.0]}))
)


@pytest.mark.parametrize("seed", range(len(SEEDS)))
def test_any_damage_to_a_good_file_is_rows_a_question_or_a_sentence(seed):
    chance = random.Random(seed)
    for _ in range(60):
        data = bytearray(SEEDS[seed])
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(data) or 1)
            match chance.randrange(4):
                case 0:
                    data[at : at + 1] = bytes([chance.randrange(256)])
                case 1:
                    del data[at : at + chance.randint(1, 40)]
                case 2:
                    data[at:at] = data[at : at + chance.randint(1, 40)]
                case _:
                    data = data[:at]
        try:
            assert isinstance(read_rows(bytes(data), skip_bad=True), RowSet | MappingQuestion)
        except RowsError as error:
            assert str(error).endswith(".")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["output", "content", "role", "text", "vars", "score", "value", "choices", "message", "x"]), inner, max_size=3),
    max_leaves=10,
)  # fmt: skip
NAMES = ("vars", "success", "response", "gradingResult", "testCase", "namedScores", "prompt", "provider", "object", "datasource_item",
         "sample", "results", "custom_id", "epoch", "input", "target", "output", "scores", "messages", "attachments", "error", "step",
         "completion", "advantage", "example_id", "reward", "metrics", "info", "gts", "score", "doc_id", "doc", "filtered_resps",
         "inputs.a", "outputs.a", "feedback.a", "attributes.input.value", "attributes.output.value", "prediction", "inputs", "parts")  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), JSON, min_size=2, max_size=12), st.booleans())
def test_known_names_with_any_values_never_break_a_reader(record, in_document):
    text = json.dumps({"results": {"version": 3, "results": [record]}} if in_document else record)
    try:
        assert isinstance(read_rows(text, skip_bad=True), RowSet | MappingQuestion)
    except RowsError as error:
        assert str(error).endswith(".")
