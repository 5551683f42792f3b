"""What stands between a student's process and the machine: a clean folder, limits, and a wall where the system has one.

On Linux the wall is a set of namespaces, made by `unshare`: no network, no other process, and a file system of the
system's and Python's own folders, read-only, and one empty folder. The installed `mlhelpers`, with its judges and
solutions, is not in it; the process has a copy without them.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import TracebackType

import mlhelpers

PACKAGE = Path(mlhelpers.__file__).parent
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store")
_SINGLE = ("/etc/ld.so.cache", "/etc/localtime", "/etc/alternatives", "/etc/fonts")
_DEVICES = ("null", "zero", "random", "urandom", "full")
_TOOLS = ("unshare", "mount", "umount", "pivot_root", "setpriv")
_LEFT_OUT = ("exercises", "grade", "__pycache__")


@dataclass(frozen=True)
class Protection:
    """What a student's process could not do, and what it could.

    Attributes
    ----------
    wall : bool
        Whether files, network and other processes were shut off.
    from_what : tuple of str
        What was shut off or limited.
    not_from : tuple of str
        What was not.
    """

    wall: bool
    from_what: tuple[str, ...]
    not_from: tuple[str, ...]


def protection(wall: bool, memory: int) -> Protection:
    """Return what a process is kept from."""
    limits = "a time for each cell and for each judging, after which the process and its group are killed"
    what, not_from = ["tampering with the judge: answers come as plain values, and are judged in another process"], []
    if os.name == "posix":
        of_process = f"{memory} GiB of memory and files of 256 MiB a process"
        limits += f"; {of_process}" + ("" if _is_root() or not _threads() else "; a number of processes")
    else:
        not_from.append("memory and disk: this system has no limits of resources for Python to set")
    what.append(limits)
    if wall:
        what.append("no network, no other process in sight, no files but a new folder and, read-only, the system's,")
        what[-1] += " Python's and the data sets'; the judges and solutions are not among them"
        if _is_root():
            not_from.append("many processes at once: the system sets root no limit, so grade as another user")
        not_from.append("faults of the system's kernel: submissions of strangers belong into a virtual machine")
    else:
        not_from.append(
            "files and network, which are not shut off here: a submission can read and change all that you can, also "
            "the installed judges, whose right numbers it could hand in"
        )
        not_from.append("processes that leave their group, which go on after the grading")
    not_from.append("a right answer that is somebody else's: copied, looked up in the book, or written by a program")
    not_from.append("invented numbers in exercises that are judged by bounds; ask for the notebook there")
    return Protection(wall, tuple(what), tuple(not_from))


class Folder:
    """A clean folder for one submission, with the copy of the package that its process imports."""

    def __init__(self, *, memory: int, wall: bool, stand_ins: tuple[str, ...] = ()) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="grade-")).resolve()
        self._memory, self._wall = memory, wall
        copy = self.path / "packages" / "mlhelpers"
        shutil.copytree(PACKAGE, copy, ignore=_without_judges)
        (copy / "exercises").mkdir()
        shutil.copy(PACKAGE / "exercises" / "_stand_in.py", copy / "exercises" / "__init__.py")
        shutil.copy(PACKAGE / "exercises" / "_own_data.py", copy / "exercises")  # no answers are in it
        for name in stand_ins:
            (self.path / "packages" / f"{name}.py").write_text("", encoding="utf-8")
        shutil.copy(str(files("mlhelpers.grade") / "_child.py"), self.path / "child.py")
        (self.path / "root").mkdir()

    def __enter__(self) -> Folder:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        shutil.rmtree(self.path, ignore_errors=True)

    def start(self) -> tuple[list[str], dict[str, str]]:
        """Return the command that starts a process here, in an empty folder of its own, and its environment."""
        work = Path(tempfile.mkdtemp(prefix="work-", dir=self.path))
        settings = {
            "first": [str(self.path / "packages")],
            "last": _import_paths(),
            "folder": str(work),
            "limits": _limits(self._memory),
        }
        python = [sys.executable, "-I", "-B", str(self.path / "child.py"), json.dumps(settings)]
        command = walled(python, self.path, work) if self._wall else python
        return command, _environment(str(work))


def _environment(home: str) -> dict[str, str]:
    """Return the environment of a process: nothing of the teacher's but what Python and the data need."""
    kept = ("LANG", "LC_ALL", "PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "TZ")
    found = {name: os.environ[name] for name in kept if name in os.environ}
    found |= {"HOME": home, "TMPDIR": home, "TEMP": home, "TMP": home, "USERPROFILE": home}
    found |= {"MPLBACKEND": "Agg", "OPENBLAS_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "-1"}
    found |= {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONDONTWRITEBYTECODE": "1"}
    return found | {name: str(path) for name, path in _data().items()}


def _without_judges(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name in _LEFT_OUT and (Path(folder) == PACKAGE or name == "__pycache__")]


def _import_paths() -> list[str]:
    """Return the folders of installed packages, also of the user's own, without those of the teacher's work."""
    here = {"", str(Path.cwd()), str(PACKAGE.parent)}
    packages = ("site-packages", "dist-packages")
    return [path for path in sys.path if path not in here or Path(path).name in packages]


def _data() -> dict[str, Path]:
    """Return the folders of data sets, by the environment variables that name them."""
    named = {
        "MLHELPERS_DATA": os.environ.get("MLHELPERS_DATA"),
        "SCIKIT_LEARN_DATA": os.environ.get("SCIKIT_LEARN_DATA", "~/scikit_learn_data"),
    }
    folders = {name: Path(path).expanduser().resolve() for name, path in named.items() if path}
    return {name: path for name, path in folders.items() if path.is_dir()}


def _limits(memory: int) -> dict[str, int]:
    limits = {"RLIMIT_AS": memory * 2**30, "RLIMIT_FSIZE": 2**28, "RLIMIT_CORE": 0, "RLIMIT_NOFILE": 512}
    return limits | ({"RLIMIT_NPROC": _threads() + 256} if _threads() else {})


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


@cache
def _threads() -> int:
    """Return how many threads the user has now, to which the limit of processes is an addition; 0 if nobody says."""
    found = 0
    try:
        for status in Path("/proc").glob("[0-9]*/status"):
            text = status.read_text("utf-8", errors="replace")
            lines = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
            if lines["Uid"].split()[0] == str(os.getuid()):
                found += int(lines["Threads"])
    except (OSError, AttributeError, KeyError, ValueError):
        return 0
    return found


# The wall


@cache
def has_wall() -> bool:
    """Try whether this system lets us build the wall, and whether Python runs behind it."""
    if sys.platform != "linux" or not all(shutil.which(tool, path=_tool_path()) for tool in _TOOLS):
        return False
    with tempfile.TemporaryDirectory(prefix="grade-") as folder:
        path = Path(folder).resolve()
        (path / "root").mkdir()
        hidden = f"import os, numpy; print(os.path.exists({str(PACKAGE / 'exercises')!r}))"
        paths = f"import sys; sys.path += {_import_paths()!r}; "
        command = walled([sys.executable, "-I", "-B", "-c", paths + hidden], path, path)
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return False
    return done.returncode == 0 and done.stdout.split() == ["False"]


def _tool_path() -> str:
    return f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


def walled(command: list[str], folder: Path, work: Path) -> list[str]:
    """Return a command that runs another one behind the wall: it sees `folder`, and may write into `work`."""
    spaces = ["--user", "--map-root-user", "--mount", "--pid", "--net", "--ipc", "--uts", "--fork", "--kill-child"]
    script = "\n".join(_script(folder, work))
    unshare = shutil.which("unshare", path=_tool_path()) or "unshare"
    return [unshare, *spaces, "sh", "-c", script, "wall", *command]


def _script(folder: Path, work: Path) -> list[str]:
    """Return the lines of the shell that build the file system, go into it, and give up all rights."""
    root = str(folder / "root")
    lines = [
        "set -e",
        f"PATH={shlex.quote(_tool_path())}",
        "readonly_() { mount -o remount,bind,ro $1 || mount -o remount,bind,ro,nosuid,nodev $1; }",
        "mount --make-rprivate /",
        f"mount -t tmpfs -o size=1m,mode=755 tmpfs {shlex.quote(root)}",
        f"cd {shlex.quote(root)}",
        "mkdir proc tmp dev old etc",
        "mount -t tmpfs -o size=256m tmpfs tmp",  # first, since Python may lie in it
    ]
    for path in _SYSTEM:
        if Path(path).is_symlink():
            lines.append(f"cp -P {path} .{path}")
        elif Path(path).is_dir():
            lines += _bound(path)
    for path in _SINGLE:
        if Path(path).is_dir():
            lines += _bound(path)
        elif Path(path).exists():
            lines += [f"touch .{path}", f"mount --bind {path} .{path}", f"readonly_ .{path}"]
    for path in _kept():
        lines += _bound(path)
    lines += [line for path in _hidden() for line in (f"mount -t tmpfs -o ro,size=4k tmpfs .{shlex.quote(path)}",)]
    for device in _DEVICES:
        lines += [f"touch dev/{device}", f"mount --bind /dev/{device} dev/{device}"]
    lines += ["mkdir dev/shm", "mount -t tmpfs -o size=256m tmpfs dev/shm", "ln -s /proc/self/fd dev/fd"]
    lines += _bound(str(folder))
    lines += [f"mount -t tmpfs -o size=256m tmpfs .{shlex.quote(str(work))}"] if work != folder else []
    lines += ["mount -t proc proc proc || :", "pivot_root . old", "umount -l old", "cd /"]
    lines += ['exec setpriv --no-new-privs --bounding-set=-all --inh-caps=-all -- "$@"']
    return lines


def _bound(path: str) -> list[str]:
    place = shlex.quote(f".{path}")
    return [f"mkdir -p {place}", f"mount --bind {shlex.quote(path)} {place}", f"readonly_ {place}"]


def _kept() -> list[str]:
    """Return the folders that Python needs, without those inside of others, and those of the data sets."""
    wanted = {Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).resolve().parents[1]}
    wanted |= {Path(path) for path in _import_paths()} | {*_data().values()}
    there = [*_SYSTEM]
    for path in sorted(path.absolute() for path in wanted if path.is_dir()):
        if path != Path("/") and not any(path.is_relative_to(other) for other in there):
            there.append(str(path))
    return there[len(_SYSTEM) :]


def _hidden() -> list[str]:
    """Return the folders with judges and solutions that lie inside those that Python needs."""
    seen = [*_SYSTEM, *_kept()]
    judges = [str(PACKAGE)] if PACKAGE.parent.name in ("site-packages", "dist-packages") else []
    return [path for path in judges if any(Path(path).is_relative_to(other) for other in seen)]
