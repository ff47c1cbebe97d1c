"""`refinescope spec RUN`: the description of a run as the JSON that `refinescope run` takes."""

from __future__ import annotations

import click

from refine_core.cli.output import BadInput, escape_controls


@click.command("spec", epilog="Example: refinescope spec 907c > mine.json && refinescope run mine.json --n 8")
@click.argument("run", required=False)
@click.option("--example", metavar="NAME", help="That of a worked example.")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of such descriptions.")
def command(*, run: str | None, example: str | None, schema: bool) -> None:
    """Print what a run ran as JSON: change it, and give it to `refinescope run`.

    It holds the program, inputs, reward and settings, and no key. RUN is an id as `refinescope runs` lists it, 907c72a2, or the beginning of one, 907c; or last, for the newest run.
    """
    import json
    import sys

    from refine_core.spec.document import list_schema, write_document

    if sum(one is not None and one is not False for one in (run, example, schema)) != 1:
        raise click.UsageError("Give a RUN, or --example NAME, or --schema.")
    if schema:
        text = json.dumps(list_schema(), indent=2, ensure_ascii=False) + "\n"
    elif example is not None:
        from refine_core.cli.run_spec import load_example

        text = write_document(load_example(example))
    else:
        from refine_core import runs
        from refine_core.cli.run_ids import find_run_id
        from refine_core.runs.forking.changes import forget_branch

        run_id = find_run_id(run or "", as_json=False)
        timeline = runs.timeline(run_id)
        if timeline is None:
            raise BadInput(f"Run {run_id} is no longer in the history.")
        text = write_document(forget_branch(timeline.spec))
    sys.stdout.flush()
    sys.stdout.buffer.write(escape_controls(text).encode())
