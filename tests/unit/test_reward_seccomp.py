"""The filter of system calls, read as the kernel reads it, for both kinds of processors: one of them no test runs on."""

import pytest

from refine_core.rewards import seccomp

OWN, OTHER = 4_711, 4_712
ALLOWED, REFUSED, MISSING, PRETENDED = 0x7FFF0000, 0x50001, 0x50026, 0x50000
# name -> numbers on x86-64 and arm64, as the kernel's headers have them
NUMBERS = {
    "read": (0, 63), "openat": (257, 56), "mmap": (9, 222), "futex": (202, 98), "exit_group": (231, 94),
    "clone": (56, 220), "clone3": (435, 435), "kill": (62, 129), "tgkill": (234, 131), "tkill": (200, 130),
    "fcntl": (72, 25), "ioctl": (16, 29), "prctl": (157, 167), "prlimit64": (302, 261), "socket": (41, 198),
    "socketpair": (53, 199), "sendto": (44, 206), "execve": (59, 221), "ptrace": (101, 117),
    "setpriority": (141, 140), "sched_setaffinity": (203, 122), "sched_setscheduler": (144, 119),
    "ioprio_set": (251, 30), "fallocate": (285, 47), "memfd_create": (319, 279), "memfd_secret": (447, 447),
    "timer_create": (222, 107), "process_vm_writev": (311, 271), "getxattr": (191, 8), "truncate": (76, 45),
    "fchmodat": (268, 53), "utimensat": (280, 88), "unshare": (272, 97), "io_uring_setup": (425, 425),
    "close_range": (436, 436), "fsync": (74, 82), "fdatasync": (75, 83), "msync": (26, 227),
    "flock": (73, 32), "tomorrow": (500, 500),
}  # fmt: skip
EXPECTED = [
    ("read", (), ALLOWED),
    ("mmap", (0, 4096, 3, 0x22), ALLOWED),
    ("mmap", (0, 4096, 3, 0x01), ALLOWED),  # a file
    *(("mmap", (0, 4096, 3, flags), REFUSED) for flags in (0x21, 0x23, 0x4021, 0x40021)),  # memory to be shared
    *((name, (), PRETENDED) for name in ("fsync", "fdatasync", "msync", "flock")),
    *(("close_range", (3, 9, flags), ALLOWED) for flags in (0, 4)),
    *(("close_range", (3, 9, flags), REFUSED) for flags in (2, 6)),  # with descriptors of its own
    ("futex", (), ALLOWED),
    ("exit_group", (), ALLOWED),
    ("openat", (0, 0, 0o101), ALLOWED),
    ("openat", (0, 0, 0o1101), ALLOWED),  # to write, emptied
    ("openat", (0, 0, 0o1000), REFUSED),  # to read, emptied
    ("openat", (0, 0, 0o3), REFUSED),
    ("openat", (0, 0, 0o1003), REFUSED),
    ("clone", (0x3D0F00,), ALLOWED),  # a thread
    ("clone", (0x7D0F00,), ALLOWED),  # another libc's
    *(("clone", (0x3D0F00 & ~flag,), REFUSED) for flag in (0x100, 0x200, 0x400, 0x800)),  # one that shares less
    *(("clone", (0x3D0F00 | flag,), REFUSED) for flag in (0x1000, 0x20000, 0x10000000, 0x40000000)),
    ("clone", (17,), REFUSED),
    ("clone3", (), MISSING),
    ("tomorrow", (), MISSING),
    ("kill", (OWN, 9), ALLOWED),
    ("kill", (OTHER, 9), REFUSED),
    ("kill", (OTHER | OWN << 32, 9), REFUSED),
    ("kill", (0, 9), REFUSED),
    ("kill", (2**64 - 1, 9), REFUSED),
    ("tgkill", (OWN, OWN, 6), ALLOWED),
    ("tgkill", (OTHER, OTHER, 6), REFUSED),
    ("tkill", (OWN, 6), REFUSED),
    *(("fcntl", (3, command), ALLOWED) for command in (0, 1, 2, 3, 5, 1030)),
    *(("fcntl", (3, command), PRETENDED) for command in (6, 7)),
    *(("fcntl", (3, command, OTHER), REFUSED) for command in (8, 9, 10, 15, 37, 38, 1024, 1026, 1031)),
    ("fcntl", (3, 4, 0o4000), ALLOWED),  # O_NONBLOCK
    ("fcntl", (3, 4, 0o24000), REFUSED),  # with O_ASYNC
    ("fcntl", (3, 8 | 1 << 32, OTHER), REFUSED),
    *(("ioctl", (3, command), ALLOWED) for command in (0x5401, 0x5421, 0x541B)),
    *(("ioctl", (3, command), REFUSED) for command in (0x8901, 0x8902, 0x5452, 0x5412, 0x5410, 0x40049409)),
    ("prctl", (15,), ALLOWED),
    *(("prctl", (option,), REFUSED) for option in (1, 4, 22, 36, 0x59616D61)),
    ("prlimit64", (0,), ALLOWED),
    ("prlimit64", (OTHER,), REFUSED),
    ("socketpair", (1, 1), ALLOWED),
    ("socketpair", (30, 1), REFUSED),
    ("sendto", (3, 0, 1, 0, 0, 0), ALLOWED),
    ("sendto", (3, 0, 1, 0, 0x7FFF12345678, 16), REFUSED),
    ("sendto", (3, 0, 1, 0, 0x700000000, 16), REFUSED),  # an address whose low half is 0
    ("getxattr", (), 0x5005F),
    *(
        (name, (), REFUSED)
        for name in (
            "socket", "execve", "ptrace", "setpriority", "sched_setaffinity", "sched_setscheduler", "ioprio_set",
            "fallocate", "memfd_create", "memfd_secret", "timer_create", "process_vm_writev", "truncate", "fchmodat",
            "utimensat", "unshare", "io_uring_setup",
        )
    ),
]  # fmt: skip


def judged(program, architecture, number, arguments):
    """What the filter answers to a call, as a machine for classic BPF finds it."""
    words = [number, architecture, 0, 0]
    for argument in (*arguments, 0, 0, 0, 0, 0, 0)[:6]:
        words += [argument & 0xFFFFFFFF, argument >> 32]
    value, at = 0, 0
    while True:
        code, yes, no, operand = program[at]
        at += 1
        if code == 0x06:
            return operand
        if code == 0x20:
            value = words[operand // 4]
        elif code == 0x54:
            value &= operand
        else:
            holds = {0x15: value == operand, 0x35: value >= operand, 0x45: bool(value & operand)}[code]
            at += yes if holds else no


@pytest.mark.fault(57)
@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
@pytest.mark.parametrize(("name", "arguments", "expected"), EXPECTED)
def test_the_filter_answers_each_call_alike_on_both_processors(machine, name, arguments, expected):
    column, architecture = seccomp._ARCHITECTURES[machine]
    program = seccomp._filter(column, architecture, OWN)
    assert judged(program, architecture, NUMBERS[name][column], arguments) == expected


@pytest.mark.fault(57)
@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_calls_of_another_processor_or_numbering_are_refused(machine):
    """A 32-bit call has other numbers, and x32 has a bit more."""
    column, architecture = seccomp._ARCHITECTURES[machine]
    program = seccomp._filter(column, architecture, OWN)
    assert judged(program, 0x40000003, 20, ()) == REFUSED
    assert judged(program, architecture, 0x40000000, ()) == REFUSED
    assert len(program) < 4_096
    assert all(0 <= step[1] < 256 and 0 <= step[2] < 256 for step in program)
