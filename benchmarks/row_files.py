"""What it takes to read files of 100,000 recorded outputs, beside the bare library that parses them.

python -m benchmarks --only rows
"""

from __future__ import annotations

import csv
import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from benchmarks.table import Row
from refine_core.rows import RowSet, read_rows

COUNT = 100_000
AT_MOST = 10.0  # times the bare parser, which keeps nothing, checks nothing and names no place
PAGE_S = 0.02
MAPPING = {"question": "input", "gold": "expected", "completion": "output", "score": "reward"}


def measure(*, quick: bool) -> Iterator[Row]:
    """The rows. quick: a tenth of the outputs, once."""
    count, readings = (COUNT // 10, 1) if quick else (COUNT, 3)
    with tempfile.TemporaryDirectory() as folder:
        files = _write(Path(folder), count)
        rows = None
        for kind, bare in (("CSV", _bare_csv), ("JSONL", _bare_jsonl), ("Parquet", _bare_parquet)):
            path = files[kind]
            ours, peer = _time(
                lambda path=path: read_rows(path, MAPPING), lambda path=path, bare=bare: bare(path), readings
            )
            yield Row(
                f"{count:,} rows of {kind} read, mapped and kept", ours, "the bare parser", peer, AT_MOST
            )
        rows = read_rows(files["CSV"], MAPPING)
        assert isinstance(rows, RowSet)
        middle = count // 2
        page, _ = _time(lambda: rows[middle : middle + 100], lambda: None, 15)
        yield Row("a page of 100 of these rows", page, "bound", PAGE_S, 1.0)
        size = files["CSV"].stat().st_size
        yield Row("memory that they take", rows.size_bytes / 1e6, "the CSV itself", size / 1e6, 2.0, "MB")


def _time(ours: Callable[[], object], peer: Callable[[], object], readings: int) -> tuple[float, float]:
    """Median seconds of the processor that both take, in turns."""
    took: tuple[list[float], list[float]] = ([], [])
    for _ in range(readings):
        for work, times in zip((ours, peer), took, strict=True):
            began = time.process_time()
            work()
            times.append(time.process_time() - began)
    return median(took[0]), median(took[1])


def _bare_csv(path: Path) -> int:
    with path.open(encoding="utf-8", newline="") as file:
        return sum(1 for _ in csv.DictReader(file))


def _bare_jsonl(path: Path) -> int:
    with path.open(encoding="utf-8") as file:
        return sum(1 for line in file if json.loads(line))


def _bare_parquet(path: Path) -> int:
    from pyarrow import parquet

    return sum(len(batch.to_pylist()) for batch in parquet.ParquetFile(path).iter_batches(64))


def _write(folder: Path, count: int) -> dict[str, Path]:
    """The same outputs in each kind of file: about 380 characters a row."""
    import pyarrow as pa
    from pyarrow import parquet

    chance = random.Random(1)
    words = [
        "the",
        "of",
        "and",
        "a",
        "to",
        "in",
        "is",
        "you",
        "that",
        "it",
        "he",
        "was",
        "for",
        "on",
        "are",
        "as",
        "with",
        "his",
        "they",
        "at",
        "be",
        "this",
        "have",
        "from",
        "or",
        "one",
        "had",
        "by",
    ]

    def text(length: int) -> str:
        return " ".join(chance.choices(words, k=length))

    records = [
        {"question": text(20), "gold": text(3), "completion": text(70), "score": round(chance.random(), 3)}
        for _ in range(count)
    ]
    paths = {kind: folder / f"rows.{kind.lower()}" for kind in ("CSV", "JSONL", "Parquet")}
    with paths["CSV"].open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(records[0]))
        writer.writeheader()
        writer.writerows(records)
    paths["JSONL"].write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    parquet.write_table(pa.Table.from_pylist(records), paths["Parquet"])
    return paths
