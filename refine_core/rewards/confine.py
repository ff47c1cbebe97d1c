"""What the worker's process gives up before it runs anybody's code.

    limits             memory, open files, file size, core dumps             where `resource` exists
    parent-death       the kernel kills it when the thread that started it ends         Linux
    no-new-privs, not-dumpable, no-capabilities                                         Linux
    landlock-N         reads Python and what libraries need; writes its own folder      Linux 5.13, N = the ABI
    landlock-tcp       neither connects nor listens                                     Linux 6.7
    seccomp            no new process, program, socket, no signal to others, no chmod   Linux on x86-64 and arm64
    nproc              no new process or thread                     Linux without seccomp, and not as root

Every step is tried and none is required; each returns the names of what it reached, which the runner shows as its
`confinement`. Standard library only.
"""

# As in worker.py:
# ruff: noqa: PTH117, PTH118, PTH120
from __future__ import annotations

import ctypes
import os
import sys

_SET_PARENT_DEATH_SIGNAL, _SET_DUMPABLE, _SET_SECCOMP, _SET_NO_NEW_PRIVS = 1, 4, 22, 38
_SIGKILL = 9
_EPERM, _ENOSYS = 1, 38


def limit(memory_bytes: int) -> list[str]:
    """Cap this process's resources. memory_bytes: of address space, so what a library maps counts too."""
    try:
        import resource
    except ImportError:  # Windows
        return []
    reached = []
    for kind, ceiling in (("AS", memory_bytes), ("CORE", 0), ("NOFILE", 256), ("FSIZE", 16 << 20)):
        number = getattr(resource, f"RLIMIT_{kind}", None)
        try:
            if number is not None:
                resource.setrlimit(number, (ceiling, ceiling))
                reached.append(f"limit-{kind.lower()}")
        except (ValueError, OSError):  # macOS refuses some, a lower limit may hold already
            continue
    return reached


def die_with_parent() -> list[str]:
    """Ask the kernel to kill this process when the thread that started it ends."""
    if sys.platform != "linux":
        return []
    done = ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, _SIGKILL, 0, 0, 0) == 0
    return ["parent-death"] if done else []


def confine(folder: str, code: list[str]) -> list[str]:
    """Give up what a reward has no need of; there is no way back.

    folder: the one place where it may write. code: folders of Python code that it may read.
    """
    if sys.platform != "linux":
        return []
    libc = ctypes.CDLL(None, use_errno=True)
    reached = []
    unprivileged = libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    if unprivileged:
        reached.append("no-new-privs")
    if libc.prctl(_SET_DUMPABLE, 0, 0, 0, 0) == 0:
        reached.append("not-dumpable")
    reached += _drop_capabilities(libc)
    if unprivileged:
        reached += _landlock(libc, folder, code)
        reached += _seccomp(libc)
    if "seccomp" not in reached:
        reached += _no_processes()
    return reached


def _drop_capabilities(libc: ctypes.CDLL) -> list[str]:
    """Root without its privileges: it still owns its files, but may not mount, trace or raise limits."""
    version_3 = 0x20080522
    header = (ctypes.c_uint32 * 2)(version_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    try:
        return ["no-capabilities"] if libc.capset(header, nothing) == 0 else []
    except AttributeError:  # a libc without it
        return []


def _no_processes() -> list[str]:
    try:
        import resource

        if os.getuid() != 0:  # root is exempt
            resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
            return ["nproc"]
    except (ImportError, ValueError, OSError):
        pass
    return []


# --- Landlock: https://docs.kernel.org/userspace-api/landlock.html; the system calls have these numbers everywhere.

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_MAKE_CHAR, _MAKE_BLOCK = 1 << 6, 1 << 11
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15

_SYSTEM_FOLDERS = (
    "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/share", "/lib", "/lib64", "/nix/store",
    "/etc/ssl/certs", "/etc/pki/tls", "/sys/devices/system/cpu",
)  # fmt: skip
_SYSTEM_FILES = (
    "/etc/localtime", "/etc/timezone", "/etc/mime.types", "/etc/ld.so.cache", "/etc/ssl/openssl.cnf",
    "/proc/cpuinfo", "/proc/meminfo", "/dev/urandom", "/dev/random", "/dev/zero",
)  # fmt: skip


class _Ruleset(ctypes.Structure):
    _fields_ = [("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64)]


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32)]


def _landlock(libc: ctypes.CDLL, folder: str, code: list[str]) -> list[str]:
    abi = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), 1)
    if abi < 1:
        return []
    every = (1 << 13) - 1
    for since, right in ((2, _REFER), (3, _TRUNCATE), (5, _IOCTL_DEV)):
        every |= right if abi >= since else 0
    # TCP bind and connect since ABI 4; abstract sockets and signals of others since 6.
    rules = _Ruleset(every, 3 if abi >= 4 else 0, 3 if abi >= 6 else 0)  # noqa: PLR2004  # explained above
    size = 8 if abi < 4 else 16 if abi < 6 else 24  # noqa: PLR2004  # as far as that ABI knows
    ruleset = libc.syscall(_CREATE_RULESET, ctypes.byref(rules), ctypes.c_size_t(size), 0)
    if ruleset < 0:
        return []

    def allow(path: str, rights: int) -> None:
        try:
            parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            return
        rule = _PathBeneath(rights & every, parent)
        libc.syscall(_ADD_RULE, ruleset, 1, ctypes.byref(rule), 0)
        os.close(parent)

    for path in {*_SYSTEM_FOLDERS, *_readable(code, folder)}:
        allow(path, _READ_FILE | _READ_DIR)
    for path in _SYSTEM_FILES:
        allow(path, _READ_FILE)
    allow("/dev/null", _READ_FILE | _WRITE_FILE | _TRUNCATE)
    allow(folder, every & ~(_EXECUTE | _MAKE_CHAR | _MAKE_BLOCK | _IOCTL_DEV))
    done = libc.syscall(_RESTRICT_SELF, ruleset, 0) == 0
    os.close(ruleset)
    return [f"landlock-{abi}", *(["landlock-tcp"] if abi >= 4 else [])] if done else []  # noqa: PLR2004  # the ABI, as above


def _readable(code: list[str], folder: str) -> list[str]:
    """Python's own folders and `code`, less any in which the home or the worker's folder lies."""
    wanted = {os.path.dirname(os.__file__), *sys.path, *code}
    for prefix in (sys.prefix, sys.base_prefix):
        wanted |= {os.path.join(prefix, part) for part in ("lib", "lib64", "share")}
    private = [os.path.realpath(folder) + os.sep]
    try:
        import pwd

        private.append(os.path.realpath(pwd.getpwuid(os.getuid()).pw_dir) + os.sep)
    except (ImportError, KeyError):  # a user without an entry
        pass
    folders = [os.path.realpath(path) for path in wanted if path and os.path.isabs(path)]
    return [path for path in folders if not any(p.startswith(path.rstrip(os.sep) + os.sep) for p in private)]


# --- seccomp: https://docs.kernel.org/userspace-api/seccomp_filter.html

# name -> (number on x86-64, number on arm64)
_DENIED: dict[str, tuple[int | None, int | None]] = {
    "fork": (57, None), "vfork": (58, None), "execve": (59, 221), "execveat": (322, 281),
    "setsid": (112, 157), "setpgid": (109, 154), "unshare": (272, 97), "setns": (308, 268),
    "tkill": (200, 130), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
    "pidfd_open": (434, 434), "pidfd_send_signal": (424, 424), "pidfd_getfd": (438, 438),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "socket": (41, 198), "connect": (42, 203), "bind": (49, 200),
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
    "chown": (92, None), "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54),
    "utime": (132, None), "utimes": (235, None), "futimesat": (261, None), "utimensat": (280, 88),
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7), "setxattrat": (463, 463),
    "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16), "removexattrat": (466, 466),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218),
    "shmget": (29, 194), "msgget": (68, 186), "semget": (64, 190), "mq_open": (240, 180),
}  # fmt: skip
_CLONE, _CLONE3, _KILL, _TGKILL = (56, 220), (435, 435), (62, 129), (234, 131)
_PRCTL, _PRLIMIT = (157, 167), (302, 261)
_CLONE_THREAD = 0x10000
_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column above, AUDIT_ARCH

_LOAD, _IF_EQUAL, _IF_AT_LEAST, _IF_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCH, _FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data
_ALLOW, _REFUSE, _MISSING = 0x7FFF0000, 0x00050000 | _EPERM, 0x00050000 | _ENOSYS


class _Instruction(ctypes.Structure):
    _fields_ = [
        ("code", ctypes.c_uint16),
        ("yes", ctypes.c_uint8),
        ("no", ctypes.c_uint8),
        ("k", ctypes.c_uint32),
    ]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(_Instruction))]


def _seccomp(libc: ctypes.CDLL) -> list[str]:
    machine = os.uname().machine
    if machine not in _ARCHITECTURES or sys.maxsize < 1 << 32:
        return []
    program = _filter(*_ARCHITECTURES[machine], own_pid=os.getpid())
    instructions = (_Instruction * len(program))(*(_Instruction(*step) for step in program))
    filtering = 2
    wanted = _Program(len(program), instructions)
    done = libc.prctl(_SET_SECCOMP, filtering, ctypes.byref(wanted), 0, 0) == 0
    return ["seccomp"] if done else []


def _filter(column: int, architecture: int, own_pid: int) -> list[tuple[int, int, int, int]]:
    """The filter as (code, jump if so, jump if not, operand): short blocks, each of which answers or falls through."""
    program = [
        (_LOAD, 0, 0, _ARCH),
        (_IF_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _REFUSE),
        (_LOAD, 0, 0, _NUMBER),
        (_IF_AT_LEAST, 0, 1, 0x40000000),  # the x32 twins of x86-64's calls
        (_RETURN, 0, 0, _REFUSE),
    ]
    for numbers in _DENIED.values():
        if (number := numbers[column]) is not None:
            program += [(_IF_EQUAL, 0, 1, number), (_RETURN, 0, 0, _REFUSE)]
    # libc falls back from clone3, whose flags a filter cannot see, to clone, whose flags it can.
    program += [(_IF_EQUAL, 0, 1, _CLONE3[column]), (_RETURN, 0, 0, _MISSING)]
    for number, test, operand, if_so, if_not in (
        (_CLONE[column], _IF_ANY_BIT, _CLONE_THREAD, _ALLOW, _REFUSE),
        (_KILL[column], _IF_EQUAL, own_pid, _ALLOW, _REFUSE),
        (_TGKILL[column], _IF_EQUAL, own_pid, _ALLOW, _REFUSE),
        (_PRLIMIT[column], _IF_EQUAL, 0, _ALLOW, _REFUSE),
        (_PRCTL[column], _IF_EQUAL, _SET_PARENT_DEATH_SIGNAL, _REFUSE, _ALLOW),
    ):
        program += [
            (_IF_EQUAL, 0, 4, number),
            (_LOAD, 0, 0, _FIRST_ARGUMENT),
            (test, 0, 1, operand),
            (_RETURN, 0, 0, if_so),
            (_RETURN, 0, 0, if_not),
        ]
    return [*program, (_RETURN, 0, 0, _ALLOW)]
