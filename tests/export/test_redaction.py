"""What is left out stands nowhere in any file, and the rest still opens: planted values, looked for in every format."""

from __future__ import annotations

import base64
import json
import re
import zlib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pages.run.header import describe_origin
from refine_core import events as ev
from refine_core import figures
from refine_core.comparison import compare_attempts
from refine_core.errors import RewardError
from refine_core.export import FORMATS, LEFT_OUT, Redaction, RunLog, export_run, import_runs, redact
from refine_core.export.leaving_out.masking import Masker
from refine_core.export.leaving_out.redaction import list_fields
from refine_core.log.folds import timeline
from refine_core.play import Playback, build_slide
from refine_core.refine.build import find_problems
from refine_core.runs import Runs
from refine_core.spec import StageSpec, ValidatorSpec
from refine_core.store import MemoryStore
from refine_core.store.listing import Annotation
from tests.logs import Log, headline
from tests.unit.test_hostile_logs import LOGS

PATIENT = 'Ines Zorbluth, born 1987-03-14, of 12 "Quarz" Lane;\nsuffers from xerophagia and nothing else'
ANSWER = "Prescribe 40 mg Velodrine twice a day"
PIECES = ("Zorbluth", "1987", "Quarz", "xerophagia", "Velodrine", "Prescribe 40 mg", "VELODRINE", "zorbluth")


def quoting(*texts):
    """The texts as a program would quote them: as they are, as JSON, as Python, in capitals, in part."""
    forms = [
        (t, json.dumps(t), json.dumps(json.dumps(t)), repr(t), t.upper(), " ".join(t.split()[:4]))
        for t in texts
    ]
    return " | ".join(one for form in forms for one in form)


def planted():
    """A run whose input and whose output are quoted wherever an event has room for text."""
    said = quoting(PATIENT, ANSWER)
    log = Log(stages=("advise",), N=4, signature="patient, ward -> advice")
    started = log.records[0].event
    spec = replace(
        started.spec,
        title=f"About {PATIENT}",
        inputs={"patient": PATIENT, "ward": "B"},
        reward=f'def reward(args, pred):\n    # not {PATIENT.splitlines()[0]}\n    return float("Velodrine" in pred.advice)\n',
        stages=(
            StageSpec(
                "advise", "patient, ward -> advice", f"Say what to do. {said}", descriptions={"advice": said},
                demos=({"patient": PATIENT, "ward": "C", "advice": ANSWER},),
            ),
        ),
        validators=(ValidatorSpec("no name", '"Zorbluth" not in pred.advice', said),),
        advice_instructions=said,
        model=replace(started.spec.model, stop=(said,), extra={"user": said}),
    )  # fmt: skip
    log.records[0] = replace(log.records[0], event=replace(started, spec=spec))
    fault = ev.Fault("ValueError", said, "program", 2, stdout=said)
    for index in range(3):
        log.hints = {"advise": said} if index else {}
        span = log.begin()
        here = f"{span}/advise"
        log.emit(here, ev.ModuleStarted("advise", {"patient": PATIENT, "ward": "B"}, said))
        prompt = f"[[ ## patient ## ]]\n{PATIENT}\n\n[[ ## ward ## ]]\nB\n\nRespond. {said}"
        log.emit(f"{here}/lm", ev.LMRequested("m", ({"role": "user", "content": prompt},), {"stop": [said]}))
        log.emit(f"{here}/lm", ev.LMRetried(1, 0.1, fault))
        if index == 1:  # a reply that is not understood: nobody knows which field is what
            log.emit(f"{here}/lm", ev.LMReplied("advice = Amputate at once", 0.1, 1, 1, 0.0))
            log.emit(here, ev.ParseFailed(("advice",), {"advice": "it says Amputate"}))
            broken = ev.Fault("ParseError", "no field in Amputate at once", "program")
            log.emit(here, ev.ModuleEnded("advise", 0.1, broken))
            log.emit(span, ev.AttemptFailed(index, "program", broken))
            continue
        reply = f"[[ ## advice ## ]]\n{ANSWER}\n\n[[ ## completed ## ]]"
        log.emit(f"{here}/lm", ev.LMReplied(reply, 0.1, 1, 1, 0.0, others=(said,), reasoning=said))
        log.emit(here, ev.PredictorTraced("advise", {"advice": ANSWER}))
        log.emit(here, ev.ModuleEnded("advise", 0.1))
        log.emit(span, ev.RewardStarted(index, {"advice": ANSWER}))
        if index == 2:
            log.emit(span, ev.AttemptFailed(index, "reward", fault))
            continue
        parts = {f"names {ANSWER}": 0.5}
        log.emit(span, ev.RewardScored(index, 0.5, 0.1, parts, said, said, {"no name": said}, (said,)))
        log.emit(f"{span}/advice/lm", ev.LMRequested("m", ({"role": "user", "content": said},), {}, "advice"))
        log.emit(f"{span}/advice/lm", ev.LMReplied(said, 0.1, 1, 1, 0.0))
        log.emit(f"{span}/advice", ev.AdviceGiven(index, said, {"advise": said}, 0.1, {ANSWER: said}))
        log.emit("", ev.HintsEdited(1, {"advise": said}, ("advise",)))
    log.emit("", ev.RunFinished("error", 0, None, 1.0, fault))
    return log


def readable(file):
    """All text in a file: also what is packed in an HTML file, and in Parquet, with escapes undone."""
    if file.name.endswith(".parquet"):
        import io

        import pyarrow.parquet as pq

        return str(pq.read_table(io.BytesIO(file.data)).to_pylist())
    text = file.data.decode()
    packed = re.search(r'base64">([A-Za-z0-9+/=]+)<', text)
    if packed:
        text += zlib.decompress(base64.b64decode(packed[1])).decode()
    return text


@pytest.mark.parametrize("to", FORMATS)
def test_no_piece_of_what_is_left_out_is_in_any_file(to):
    log, noted = planted(), Annotation(f"For {PATIENT}", ("Zorbluth",))
    file = export_run(RunLog(log.records, noted), to, redaction=Redaction(fields=("patient", "advice")))
    text = readable(file)
    assert [piece for piece in (*PIECES, "Amputate") if piece in text] == []
    if to != "svg":
        assert LEFT_OUT in text


@pytest.mark.parametrize("to", FORMATS)
def test_inputs_are_left_out_wherever_they_are_quoted(to):
    text = readable(export_run(RunLog(planted().records), to, redaction=Redaction(inputs=True)))
    assert [piece for piece in ("Zorbluth", "1987", "Quarz", "xerophagia") if piece in text] == []
    if to != "svg":
        assert "Velodrine" in text


def test_prompts_are_left_out_and_replies_stay():
    records = redact(planted().records, Redaction(prompts=True))
    asked = [r.event.messages[0] for r in records if isinstance(r.event, ev.LMRequested)]
    assert {message["content"] for message in asked} == {LEFT_OUT}
    assert {message["role"] for message in asked} == {"user"}
    assert any("Velodrine" in r.event.text for r in records if isinstance(r.event, ev.LMReplied))


def test_what_was_left_out_is_said_and_other_fields_stay():
    records = redact(planted().records, Redaction(prompts=True, fields=("advice",)))
    run = timeline(records)
    assert run.left_out == ("prompts", "field advice")
    assert run.spec.inputs == {"patient": PATIENT.replace("Velodrine", LEFT_OUT), "ward": "B"}
    assert run.attempts[0].outputs == {"advice": LEFT_OUT}
    assert [attempt.reward for attempt in run.attempts] == [0.5, None, None]


def test_leaving_out_twice_says_both():
    once = redact(planted().records, Redaction(inputs=True))
    assert timeline(redact(once, Redaction(prompts=True))).left_out == ("inputs", "prompts")


def test_the_reward_is_python_still():
    spec = timeline(redact(planted().records, Redaction(fields=("advice", "patient")))).spec
    compile(spec.reward, "reward", "exec")
    compile(spec.validators[0].check, "check", "eval")


def test_the_fields_that_can_be_left_out_are_listed():
    assert list_fields(headline().records) == ("question", "headline", "keywords", "price")


ALL = Redaction(prompts=True, inputs=True, fields=("answer", "extra", "other", "question"))


@settings(max_examples=40, deadline=None)
@given(LOGS, st.sampled_from([ALL, Redaction(inputs=True), Redaction(fields=("answer",))]))
def test_a_run_with_parts_left_out_opens_everywhere(log, redaction):
    """Whatever was in it: it imports, folds, draws, compares and plays."""
    for to in ("jsonl", "html"):
        store = MemoryStore()
        import_runs(store, export_run(RunLog(log.records), to, redaction=redaction).data)
        records = store.events("run-1")
        assert len(records) == len(log.records)
    run = timeline(records)
    figures.build_figure(run)
    figures.build_story(run)
    for attempt in run.attempts:
        compare_attempts(run, run.attempts[0], run, attempt)
    playback = Playback(records)
    for step in playback.all_steps:
        build_slide(playback.timeline(step.index), step)


@pytest.mark.parametrize(
    ("value", "text", "masked"),
    [
        ("Paris", "It is paris, or PARIS.", "It is [left out], or [left out]."),
        ("Paris", "Parisian", "Parisian"),
        (39.9, "for 39.90 euros", "for [left out] euros"),
        ("the cat sat on the mat", "He said: the cat sat on a chair", "He said: [left out] a chair"),
        ("line one\nline two", '"line one\\nline two"', '"[left out]"'),
        ("caf\u00e9 Zorb", "caf\\u00e9 zorb", "[left out]"),
        ("\u6771\u4eac\u90fd\u5343\u4ee3\u7530", "at \u4eac\u90fd\u5343 now", "at [left out] now"),
        ("???", "why ???", "why [left out]"),
        (["Anna Smith", {"key7": True}], "Anna Smith has key7: true", "[left out] has [left out]: true"),
        ("my order is KT-4471", "Order KT-4471, kt 4471", "Order [left out]"),
        ("mail ines@zorb.test", "to Ines@Zorb.test: ines", "to [left out]: ines"),
        ("", "nothing", "nothing"),
    ],
)
def test_a_value_is_found_however_it_is_quoted(value, text, masked):
    assert Masker([value])(text) == masked


@settings(max_examples=200, deadline=None)
@given(st.text(min_size=3, max_size=60), st.text(max_size=30), st.text(max_size=30))
def test_a_value_of_any_text_is_found_as_it_is_and_as_json(value, before, after):
    masker = Masker([value])
    for form in (value, json.dumps(value), json.dumps(value, ensure_ascii=False)):
        text = f"{before} {form} {after}"
        if value.strip() and len(value.split()) > 2:
            assert value.strip() not in masker(text)


def test_a_run_without_its_inputs_can_be_run_again_only_with_others():
    spec = timeline(redact(headline().records, Redaction(inputs=True))).spec
    spec = replace(spec, stages=(StageSpec("headline", "question -> headline"),))
    problem = next(one for one in find_problems(spec) if one.field == "inputs.question")
    assert "was left out" in problem.message


def test_a_run_without_its_outputs_is_not_scored_again():
    store = MemoryStore()
    shared = export_run(RunLog(headline().records), "jsonl", redaction=Redaction(fields=("headline",)))
    import_runs(store, shared.data)
    runs = Runs(store)
    assert runs.what_ifs.ask("run-1", threshold=0.7).result.attempts
    with pytest.raises(RewardError, match="shared without"):
        runs.what_ifs.ask("run-1", reward="def reward(args, pred): return 0.5")


def test_the_header_of_a_run_says_what_it_was_shared_without():
    store = MemoryStore()
    shared = export_run(RunLog(headline().records), "jsonl", redaction=Redaction(prompts=True, inputs=True))
    import_runs(store, shared.data)
    run = Runs(store).get("run-1")
    assert describe_origin(run).endswith("imported · shared without prompts, inputs")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("alice@example.com", "https://h/?to=alice%40example.com"),
        ('<b>&"x y z"', "&lt;b&gt;&amp;&quot;x y z&quot;"),
        ("the secret plan", "dGhlIHNlY3JldCBwbGFu"),
        ("Zo\u00eb", "Zoe\u0308 said so"),
        ("Zoe\u0308", "Zo\u00eb said so"),
    ],
)
def test_a_value_is_found_in_an_address_in_markup_and_in_base64(value, text):
    masked = Masker([value])(text)
    assert LEFT_OUT in masked
    assert text.rpartition("=")[2].partition(" said")[0] not in masked
