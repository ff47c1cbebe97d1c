"""A worked example: sixty customers' messages, and the program that replies to them, so that an experiment can begin without a file.

    example = example_dataset()
    dataset = keep(store, example.table, example.columns)          60 rows: message input, order and day for the reward only
    example.spec                                                   ProgramSpec of that program, on the practice model, max attempts 5

On the practice model its arms really come out differently (60 rows, seed 0): Refine about 0.91 in 11 calls an input, best of 5 about
0.32 in 10, a single attempt 0.20 in 2. The texts are our own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from refine_core.datasets.columns import suggest_columns
from refine_core.datasets.dataset import Column
from refine_core.datasets.table import Table, open_table
from refine_core.spec import ProgramSpec
from refine_core.spec.examples import EXAMPLES

TITLE: Final = "Replies to customers"
_FILE: Final = Path(__file__).with_name("customer_messages.jsonl")
_REWARD: Final = '''\
def reward(args, pred):
    """A short reply that names the order and the day, as the table has them."""
    parts = {
        "order number": 0.4 if args["order"] in pred.reply else 0.0,
        "date": 0.4 if args["day"] in pred.reply else 0.0,
        "few words": 0.2 if len(pred.reply.split()) <= 40 else 0.0,
    }
    lost = [name for name in parts if not parts[name]]
    feedback = "lost: " + (", ".join(lost) or "none")
    return Score(round(sum(parts.values()), 2), feedback=feedback, parts=parts)
'''


@dataclass(frozen=True, slots=True)
class ExampleDataset:
    """title: of the experiment's program. spec: what is run, without inputs. table, columns: its rows, and what they are for it."""

    title: str
    spec: ProgramSpec
    table: Table
    columns: tuple[Column, ...]


def example_dataset() -> ExampleDataset:
    """The worked example, read anew."""
    spec = replace(EXAMPLES["two_stages"].spec, title=TITLE, reward=_REWARD, inputs={}, N=5, example=None)
    table = open_table(_FILE, name="Customer messages")
    return ExampleDataset(TITLE, spec, table, tuple(guess.column for guess in suggest_columns(table, spec)))
