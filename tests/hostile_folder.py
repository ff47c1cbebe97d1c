"""A folder with all that a reward can leave in it. `python -m tests.hostile_folder` fills one, removes it and reports.

A program, so that an ordinary user can run it: permissions do not apply to root.
"""

import os
import sys
from pathlib import Path

from refine_core.rewards.folder import remove_folder


def nest(folder, depth):
    """Folders in folders, deeper than a path may be long."""
    here = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)


def fill_with_everything(folder, outside):
    """All that a reward can leave: depth, missing permissions, odd names, links out of the folder."""
    nest(folder, 2_000)
    (folder / "locked" / "inner").mkdir(parents=True)
    (folder / "locked" / "inner" / "file").write_text("x")
    (folder / "locked" / "inner").chmod(0)
    (folder / "locked").chmod(0)
    (folder / "no-write").mkdir()
    nest(folder / "no-write", 5)
    (folder / "no-write").chmod(0o500)
    for name in (b"\xff\xfe", b"new\nline", b"-rf", b"*", b" ", "ü".encode(), b"x" * 255):
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_text("x")
    (folder / "link").symlink_to(outside)
    (folder / "loop").symlink_to(folder)
    (folder / "dangling").symlink_to("nowhere")
    os.mkfifo(folder / "fifo")


def remove_one():
    """What is left of it, of what a link in it points to, and that one's permissions."""
    folder, outside = Path("inside").absolute(), Path("outside").absolute()
    folder.mkdir()
    outside.mkdir()
    (outside / "kept").write_text("here")
    outside.chmod(0o750)
    fill_with_everything(folder, outside)
    remove_folder(folder, within_s=100)
    return not folder.exists(), (outside / "kept").read_text(), outside.stat().st_mode & 0o777


if __name__ == "__main__":
    sys.stdout.write(f"{remove_one()}\n")
