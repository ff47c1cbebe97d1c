"""Which system calls the worker may make: those on a list, some of them with certain arguments only.

    allowed           what Python and numeric libraries need for memory, threads, time, and files that Landlock watches
    by argument       signals to itself, threads but no processes, sockets in unnamed pairs, harmless fcntl and ioctl
    pretended         syncing to the disk and locking a file's bytes: answered as if done, since no other process is there
    everything else   EPERM; ENOSYS for calls newer than this list, so that libraries fall back

A list of what is allowed, not of what is denied: an unknown call is refused. Without Landlock, or with
an old one, this alone keeps signals, sockets, priorities and other processes out of reach. Standard library only.
See https://docs.kernel.org/userspace-api/seccomp_filter.html.
"""

from __future__ import annotations

import ctypes
import os
import sys

_SET_SECCOMP, _FILTERING = 22, 2
_EPERM, _ENOSYS, _EOPNOTSUPP = 1, 38, 95

# name -> (number on x86-64, number on arm64)
_ALLOWED: dict[str, tuple[int | None, int | None]] = {
    # files; which ones is Landlock's business
    "read": (0, 63), "write": (1, 64), "readv": (19, 65), "writev": (20, 66), "pread64": (17, 67),
    "pwrite64": (18, 68), "preadv": (295, 69), "pwritev": (296, 70), "preadv2": (327, 286), "pwritev2": (328, 287),
    "lseek": (8, 62), "sendfile": (40, 71), "copy_file_range": (326, 285), "readahead": (187, 213),
    "fadvise64": (221, 223), "creat": (85, None), "close": (3, 57), "dup": (32, 23),
    "dup2": (33, None), "dup3": (292, 24), "pipe": (22, None), "pipe2": (293, 59),
    "ftruncate": (77, 46), "umask": (95, 166), "stat": (4, None),
    "fstat": (5, 80), "lstat": (6, None), "newfstatat": (262, 79), "statx": (332, 291), "access": (21, None),
    "faccessat": (269, 48), "faccessat2": (439, 439), "statfs": (137, 43), "fstatfs": (138, 44),
    "readlink": (89, None), "readlinkat": (267, 78), "getdents": (78, None), "getdents64": (217, 61),
    "getcwd": (79, 17), "chdir": (80, 49), "fchdir": (81, 50), "mkdir": (83, None), "mkdirat": (258, 34),
    "rmdir": (84, None), "unlink": (87, None), "unlinkat": (263, 35), "rename": (82, None), "renameat": (264, 38),
    "renameat2": (316, 276), "link": (86, None), "linkat": (265, 37), "symlink": (88, None), "symlinkat": (266, 36),
    # memory, which RLIMIT_AS bounds
    "munmap": (11, 215), "mprotect": (10, 226), "mremap": (25, 216), "madvise": (28, 233),
    "mincore": (27, 232), "brk": (12, 214), "membarrier": (324, 283), "pkey_alloc": (330, 289),
    "pkey_free": (331, 290), "pkey_mprotect": (329, 288), "get_mempolicy": (239, 236),
    "map_shadow_stack": (453, 453), "mseal": (462, 462),
    # waiting; what a socketpair needs
    "poll": (7, None), "ppoll": (271, 73), "select": (23, None), "pselect6": (270, 72), "epoll_create": (213, None),
    "epoll_create1": (291, 20), "epoll_ctl": (233, 21), "epoll_wait": (232, None), "epoll_pwait": (281, 22),
    "epoll_pwait2": (441, 441), "eventfd": (284, None), "eventfd2": (290, 19), "timerfd_create": (283, 85),
    "timerfd_settime": (286, 86), "timerfd_gettime": (287, 87), "signalfd": (282, None), "signalfd4": (289, 74),
    "recvfrom": (45, 207), "getsockopt": (55, 209), "getsockname": (51, 204), "getpeername": (52, 205),
    "shutdown": (48, 210),
    # threads and the process itself
    "futex": (202, 98), "futex_waitv": (449, 449), "futex_wake": (454, 454), "futex_wait": (455, 455),
    "futex_requeue": (456, 456), "set_robust_list": (273, 99), "rseq": (334, 293), "set_tid_address": (218, 96),
    "arch_prctl": (158, None), "sched_yield": (24, 124), "sched_getaffinity": (204, 123),
    "sched_getparam": (143, 121), "sched_getscheduler": (145, 120), "sched_get_priority_max": (146, 125),
    "sched_get_priority_min": (147, 126), "sched_rr_get_interval": (148, 127), "getpriority": (140, 141),
    "getcpu": (309, 168), "exit": (60, 93), "exit_group": (231, 94), "wait4": (61, 260), "waitid": (247, 95),
    "restart_syscall": (219, 128), "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139),
    "rt_sigpending": (127, 136), "rt_sigsuspend": (130, 133), "rt_sigtimedwait": (128, 137),
    "sigaltstack": (131, 132), "pause": (34, None),
    # time, and who and where one is
    "clock_gettime": (228, 113), "clock_getres": (229, 114), "clock_nanosleep": (230, 115), "nanosleep": (35, 101),
    "gettimeofday": (96, 169), "time": (201, None), "times": (100, 153), "getitimer": (36, 102),
    "setitimer": (38, 103), "alarm": (37, None), "getpid": (39, 172), "gettid": (186, 178), "getppid": (110, 173),
    "getuid": (102, 174), "geteuid": (107, 175), "getgid": (104, 176), "getegid": (108, 177),
    "getresuid": (118, 148), "getresgid": (120, 150), "getgroups": (115, 158), "getpgid": (121, 155),
    "getpgrp": (111, None), "getsid": (124, 156), "uname": (63, 160), "sysinfo": (99, 179), "getrusage": (98, 165),
    "getrlimit": (97, 163), "setrlimit": (160, 164), "getrandom": (318, 278), "capget": (125, 90),
}  # fmt: skip
# Syncing this folder to the disk is pointless and would delay the syncing of others. A lock would protect nothing in
# this folder, and keep other programs out of any file that can be read.
_PRETENDED: dict[str, tuple[int, int]] = {
    "fsync": (74, 82), "fdatasync": (75, 83), "msync": (26, 227), "flock": (73, 32),
}  # fmt: skip
# libc falls back from clone3, whose flags a filter cannot see, to clone, whose flags it can.
_CLONE3 = (435, 435)
_NEWEST = 453  # calls from here on are unknown to libraries of today, too
# getxattr, listxattr and their kin: Landlock does not watch them, and shutil copies without them if it must.
_XATTRS = ((191, 8), (192, 9), (193, 10), (194, 11), (195, 12), (196, 13))
_OPEN, _OPENAT = (2, None), (257, 56)
_CLONE, _KILL, _TGKILL, _PRLIMIT = (56, 220), (62, 129), (234, 131), (302, 261)
_PRCTL, _FCNTL, _IOCTL, _SOCKETPAIR, _SENDTO = (157, 167), (72, 25), (16, 29), (53, 199), (44, 206)
_MMAP, _CLOSE_RANGE = (9, 222), (436, 436)

# CLONE_VM, FS, FILES, SIGHAND and THREAD: a thread that shares all, its descriptors too, which the runner looks at.
_THREAD = 0x10F00
_PIDFD_OR_NAMESPACE = 0x1000 | 0x20000 | 0x7E000000
_MAP_SHARED_ANONYMOUS = 0x21
_CLOSE_RANGE_FLAGS = (0, 4)  # 4 is CLOEXEC; 2, UNSHARE, gives a thread descriptors of its own
_O_ACCMODE, _O_TRUNC, _O_ASYNC = 0o3, 0o1000, 0o20000
_F_SETFL, _AF_UNIX = 4, 1
# F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_GETLK, F_DUPFD_CLOEXEC, F_GETPIPE_SZ, F_GET_SEALS. Not F_SETOWN and F_SETSIG,
# which signal others, nor F_SETPIPE_SZ, F_NOTIFY, F_SETLEASE.
_FCNTL_COMMANDS = (0, 1, 2, 3, 5, 1030, 1032, 1034)
# F_SETLK, F_SETLKW: locks of one process never meet, but each takes memory of the kernel's that nothing bounds.
_FCNTL_PRETENDED = (6, 7)
_IOCTL_COMMANDS = (
    0x5401,
    0x5413,
    0x541B,
    0x5421,
    0x5450,
    0x5451,
)  # TCGETS, TIOCGWINSZ, FIO: NREAD, NBIO, (N)CLEX
# Read the parent-death signal, dumpable, name, seccomp, bounding set, no-new-privs; set a thread's or an area's name.
_PRCTL_OPTIONS = (2, 3, 15, 16, 21, 23, 39, 0x53564D41)

_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column above, AUDIT_ARCH

_LOAD, _AND, _IF_EQUAL, _IF_AT_LEAST, _IF_ANY_BIT, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCH = 0, 4  # offsets in struct seccomp_data
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_REFUSE, _MISSING, _PRETEND = _ERROR | _EPERM, _ERROR | _ENOSYS, _ERROR | 0

_Step = tuple[int, int, int, int]


class _Instruction(ctypes.Structure):
    _fields_ = [
        ("code", ctypes.c_uint16),
        ("yes", ctypes.c_uint8),
        ("no", ctypes.c_uint8),
        ("k", ctypes.c_uint32),
    ]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(_Instruction))]


def filter_system_calls(libc: ctypes.CDLL) -> bool:
    """Allow this process the listed calls and no others; this cannot be undone. False if the system does not support it."""
    machine = os.uname().machine
    if machine not in _ARCHITECTURES or sys.maxsize < 1 << 32:
        return False
    program = _filter(*_ARCHITECTURES[machine], own_pid=os.getpid())
    instructions = (_Instruction * len(program))(*(_Instruction(*step) for step in program))
    argument = _Program(len(program), instructions)
    return bool(libc.prctl(_SET_SECCOMP, _FILTERING, ctypes.byref(argument), 0, 0) == 0)


def _filter(column: int, architecture: int, own_pid: int) -> list[_Step]:
    """The filter as (code, jump if so, jump if not, operand): short blocks, each of which answers or falls through."""
    program = [
        (_LOAD, 0, 0, _ARCH),
        (_IF_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _REFUSE),
        (_LOAD, 0, 0, _NUMBER),
        (_IF_AT_LEAST, 0, 1, 0x40000000),  # the x32 twins of x86-64's calls
        (_RETURN, 0, 0, _REFUSE),
    ]
    for numbers in _ALLOWED.values():
        if (number := numbers[column]) is not None:
            program += _answer_if(number, _ALLOW)
    for pretended in _PRETENDED.values():
        program += _answer_if(pretended[column], _PRETEND)
    # Reading a file needs no right to write it, but opening one so can empty it on Landlocks before ABI 3; and to open
    # one in access mode 3, for neither, needs no right at all.
    no_truncating = [
        (_AND, 0, 0, _O_TRUNC | _O_ACCMODE),
        *_answer_if(_O_TRUNC, _REFUSE),
        (_AND, 0, 0, _O_ACCMODE),
        *_answer_if(_O_ACCMODE, _REFUSE),
        (_RETURN, 0, 0, _ALLOW),
    ]
    no_signal_when_ready = [
        (_IF_EQUAL, 0, 3, _F_SETFL),
        (_LOAD, 0, 0, _argument(2)),
        (_IF_ANY_BIT, 1, 0, _O_ASYNC),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    only_threads = [(_AND, 0, 0, _THREAD | _PIDFD_OR_NAMESPACE), *_one_of(_THREAD)]
    # What two processes could share outlives its unmapping as long as a page of it is left, and RLIMIT_AS counts that page.
    no_shared_memory = [
        (_AND, 0, 0, _MAP_SHARED_ANONYMOUS),
        *_answer_if(_MAP_SHARED_ANONYMOUS, _REFUSE),
        (_RETURN, 0, 0, _ALLOW),
    ]
    locks = [step for command in _FCNTL_PRETENDED for step in _answer_if(command, _PRETEND)]
    # The low half of the address, then the high one: a datagram to a name would reach any program's socket.
    no_address = [
        (_IF_EQUAL, 1, 0, 0),
        (_RETURN, 0, 0, _REFUSE),
        (_LOAD, 0, 0, _argument(4) + 4),
        *_one_of(0),
    ]
    for numbers, position, test in (
        (_OPENAT, 2, no_truncating),
        (_OPEN, 1, no_truncating),
        (_MMAP, 3, no_shared_memory),
        (_CLONE, 0, only_threads),
        (_CLOSE_RANGE, 2, _one_of(*_CLOSE_RANGE_FLAGS)),
        (_KILL, 0, _one_of(own_pid)),
        (_TGKILL, 0, _one_of(own_pid)),
        (_PRLIMIT, 0, _one_of(0)),
        (_PRCTL, 0, _one_of(*_PRCTL_OPTIONS)),
        (_IOCTL, 1, _one_of(*_IOCTL_COMMANDS)),
        (_SOCKETPAIR, 0, _one_of(_AF_UNIX)),
        (_FCNTL, 1, [*locks, *_one_of(*_FCNTL_COMMANDS)[:-1], *no_signal_when_ready]),
        (_SENDTO, 4, no_address),
    ):  # fmt: skip
        if (number := numbers[column]) is not None:
            block = [(_LOAD, 0, 0, _argument(position)), *test]
            program += [(_IF_EQUAL, 0, len(block), number), *block]
    for pair in _XATTRS:
        program += _answer_if(pair[column], _ERROR | _EOPNOTSUPP)
    program += _answer_if(_CLONE3[column], _MISSING)
    return [*program, (_IF_AT_LEAST, 0, 1, _NEWEST), (_RETURN, 0, 0, _MISSING), (_RETURN, 0, 0, _REFUSE)]


def _argument(position: int) -> int:
    return 16 + 8 * position


def _answer_if(value: int, answer: int) -> list[_Step]:
    return [(_IF_EQUAL, 0, 1, value), (_RETURN, 0, 0, answer)]


def _one_of(*values: int) -> list[_Step]:
    return [step for value in values for step in _answer_if(value, _ALLOW)] + [(_RETURN, 0, 0, _REFUSE)]
