"""The restrictions that the worker's process puts on itself before it runs the user's code.

    limits             memory, open files, file size, core dumps, signals    where `resource` exists
    parent-death       the kernel kills it when the thread that started it ends         Linux
    no-new-privs, no-capabilities                                                       Linux
    landlock-N         reads Python and installed packages; writes its own folder       Linux 5.13, N = the ABI
    landlock-tcp       neither connects nor listens                                     Linux 6.7
    seccomp            only the system calls that seccomp.py lists                      Linux on x86-64 and arm64
    nproc              no new process or thread                     Linux without seccomp, and not as root

Every step is tried and none is required; each returns the names of the restrictions that hold, which the runner shows as
its `confinement`. Standard library only. What they do not cover is watched from the other process: see folder.py and process_resources.py.

What this protects. No content of a file outside of Python, installed packages and a few system folders can be read:
nothing of a checkout (also one installed with `pip install -e`), of the working directory, or of the data folder.
Landlock does not restrict looking at names: `stat`, `access` and `readlink` still show whether a path exists, its
size and its times, and where a link points. Installed packages are readable, their settings too. The process stays
dumpable, so that the runner can see which deleted files it holds; that opens nothing to it, nor to other workers.
"""

# As in worker.py:
# ruff: noqa: PTH112, PTH117, PTH118, PTH119, PTH120, PTH208
from __future__ import annotations

import ctypes
import os
import site
import sys
from collections.abc import Iterator

from refine_core.rewards import seccomp
from refine_core.rewards.limits import FILE_BYTES

_SET_PARENT_DEATH_SIGNAL, _SET_NO_NEW_PRIVS = 1, 38
_SIGKILL = 9


def limit_resources(memory_bytes: int) -> list[str]:
    """Cap this process's resources. memory_bytes: of address space, so what a library maps counts too."""
    try:
        import resource
    except ImportError:  # Windows
        return []
    steps = []
    for kind, ceiling in (
        ("AS", memory_bytes),
        (
            "CORE",
            1,
        ),  # at 0 a program that the system keeps for crashes would still be started; at 1 it is not
        ("NOFILE", 256),
        ("FSIZE", FILE_BYTES),
        ("SIGPENDING", 128),  # the user's other programs wait for signals, too
    ):
        number = getattr(resource, f"RLIMIT_{kind}", None)
        try:
            if number is not None:
                resource.setrlimit(number, (ceiling, ceiling))
                steps.append(f"limit-{kind.lower()}")
        except (ValueError, OSError):  # macOS refuses some, a lower limit may hold already
            continue
    return steps


def die_with_parent() -> list[str]:
    """Ask the kernel to kill this process when the thread that started it ends."""
    if sys.platform != "linux":
        return []
    done = ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, _SIGKILL, 0, 0, 0) == 0
    return ["parent-death"] if done else []


def list_import_folders(extra: list[str]) -> list[str]:
    """The folders from which a reward may import, in sys.path's order: Python's own and those of installed packages.

    What a `.pth` file adds is left out: a checkout that was installed with `pip install -e` lies there.
    extra: further folders of installed packages, as the user's own.
    """
    python = os.path.dirname(os.__file__)
    installed = [*site.getsitepackages(), *extra]
    folders = []
    for path in [*sys.path, *extra]:
        holds_packages = os.path.basename(path) in {"site-packages", "dist-packages"}
        ours = holds_packages or (path.startswith(os.path.dirname(python)) and path.endswith(".zip"))
        if ours or any(_is_within(path, folder) for folder in (python, *installed)):
            folders.append(path)
    return list(dict.fromkeys(folders))


def enter_sandbox(folder: str, private: list[str], landlock_abi: int | None = None) -> list[str]:
    """Put the restrictions on this process; they cannot be lifted.

    folder: the one place where it may write. private: what must not be read even where it lies in a readable folder.
    landlock_abi: use no newer Landlock than this, as on an older kernel. Python's own folders and sys.path stay readable.
    """
    if sys.platform != "linux":
        return []
    libc = ctypes.CDLL(None, use_errno=True)
    steps = []
    unprivileged = libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    if unprivileged:
        steps.append("no-new-privs")
    steps += _drop_capabilities(libc)
    if unprivileged:
        steps += _landlock(libc, folder, private, landlock_abi)
        steps += ["seccomp"] if seccomp.filter_system_calls(libc) else []
    if "seccomp" not in steps:
        steps += _no_processes()
    return steps


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
_WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR, _REMOVE_FILE, _MAKE_DIR, _MAKE_REGULAR, _MAKE_LINK = 1 << 4, 1 << 5, 1 << 7, 1 << 8, 1 << 12
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_NO_LOG = 1 << 0
# The ABIs since which there are: TCP bind and connect; abstract sockets and signals of others; _NO_LOG.
_ABI_TCP, _ABI_SCOPES, _ABI_NO_LOG = 4, 6, 7

_SYSTEM_FOLDERS = (
    "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/share", "/lib", "/lib64", "/nix/store",
    "/etc/ssl/certs", "/etc/pki/tls/certs", "/etc/pki/ca-trust/extracted", "/sys/devices/system/cpu",
)  # fmt: skip
_SYSTEM_FILES = (
    "/etc/localtime", "/etc/timezone", "/etc/mime.types", "/etc/ld.so.cache", "/etc/ssl/openssl.cnf",
    "/proc/cpuinfo", "/proc/meminfo", "/dev/urandom", "/dev/random",
)  # fmt: skip


class _Ruleset(ctypes.Structure):
    _fields_ = [("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64)]


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32)]


def _landlock(libc: ctypes.CDLL, folder: str, private: list[str], cap: int | None) -> list[str]:
    abi = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), 1)
    if cap is not None:
        abi = min(abi, cap)
    if abi < 1:
        return []
    every = (1 << 13) - 1
    for since, right in ((2, _REFER), (3, _TRUNCATE), (5, _IOCTL_DEV)):
        every |= right if abi >= since else 0
    has_tcp, has_scopes = abi >= _ABI_TCP, abi >= _ABI_SCOPES
    rules = _Ruleset(every, 3 if has_tcp else 0, 3 if has_scopes else 0)
    size = 8 * (1 + has_tcp + has_scopes)  # of the structure, as far as that ABI knows it
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

    for path, rights in _readable([*private, folder]):
        allow(path, rights)
    for path in _SYSTEM_FILES:
        allow(path, _READ_FILE)
    allow("/dev/null", _READ_FILE | _WRITE_FILE | _TRUNCATE)
    in_its_own = _READ_FILE | _READ_DIR | _WRITE_FILE | _TRUNCATE | _REMOVE_DIR | _REMOVE_FILE
    allow(folder, in_its_own | _MAKE_DIR | _MAKE_REGULAR | _MAKE_LINK | _REFER)
    # From ABI 7 on each refusal would be a line in the system's audit log.
    done = libc.syscall(_RESTRICT_SELF, ruleset, _NO_LOG if abi >= _ABI_NO_LOG else 0) == 0
    os.close(ruleset)
    return [f"landlock-{abi}", *(["landlock-tcp"] if has_tcp else [])] if done else []


def _readable(private: list[str]) -> Iterator[tuple[str, int]]:
    """(path, rights) of what may be read: the system's folders, Python's own and sys.path, without what is private."""
    imports = {os.path.realpath(path) for path in sys.path if os.path.isabs(path)}
    folders = {os.path.realpath(path) for path in _SYSTEM_FOLDERS} | imports
    folders.add(os.path.realpath(os.path.dirname(os.__file__)))
    folders |= {os.path.realpath(os.path.join(sys.base_prefix, part)) for part in ("lib", "lib64", "share")}
    try:
        import pwd

        private = [*private, pwd.getpwuid(os.getuid()).pw_dir]
    except (ImportError, KeyError):  # a user without an entry
        pass
    private_paths = {os.path.realpath(path) for path in private} - folders
    for path in folders:
        yield from _readable_around(private_paths, path)
        if path in imports:  # an import lists the folder, whatever else is in it
            yield path, _READ_DIR


def _readable_around(private_paths: set[str], path: str) -> Iterator[tuple[str, int]]:
    """A folder and the rights to read it; if something hidden lies in it, its members instead, and not that one."""
    if path in private_paths:
        return
    if not any(_is_within(other, path) for other in private_paths):
        yield path, _READ_FILE | (_READ_DIR if os.path.isdir(path) else 0)
        return
    try:
        members = os.listdir(path)
    except OSError:
        return
    for name in members:
        yield from _readable_around(private_paths, os.path.join(path, name))


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)
