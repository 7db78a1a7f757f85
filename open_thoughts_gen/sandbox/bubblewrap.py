"""The walls: the command line that starts a warm interpreter inside bubblewrap, or outside of it if that was asked for.

What is mounted is what the interpreter needs, read-only: itself, its standard library and the system's shared
libraries; then three devices and an empty folder for `/tmp`. There is no `/proc`, no `/etc`, no home, no network.

As an ordinary user, bubblewrap makes a user name space. As root it does not: there, the kernel counts processes of root
against no limit, and what root owns would stay root's. Each run is given a user id of its own instead, one that
nobody has.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.sandbox import seccomp

ZYGOTE, INSIDE = Path(__file__).with_name("zygote.py"), Path(__file__).with_name("inside")
_PREFIX = "/python"  # where the interpreter is seen inside: its own place may be a closed home
_BARE = ("-s", "-S", "-B", "-P")
_SYSTEM = ("/lib", "/lib64", "/usr/lib", "/usr/lib64")
_DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom")
_KEPT = ("CAP_SYS_ADMIN", "CAP_SETUID", "CAP_SETGID", "CAP_KILL")  # of the warm parent; a program has none
_NOBODY = 65534
_UNUSED_IDS = range(60706, 61184)  # given to nobody by Linux distributions, and mapped in most containers
_ENVIRONMENT = {
    "HOME": "/tmp",  # noqa: S108 - inside it is the run's own
    "TMPDIR": "/tmp",  # noqa: S108
    "LANG": "C.UTF-8",
    "PYTHONUTF8": "1",
    "PYTHONHASHSEED": "0",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}
_INSTALL = (
    "install bubblewrap (Debian, Ubuntu: apt-get install bubblewrap), "
    "or set `isolation: none` if you trust the programs"
)


def check(*, isolated: bool) -> None:
    """Refuse what cannot be run here.

    Raises:
        UserError: this is not Linux, or bubblewrap is not installed.

    """
    if sys.platform != "linux" or not seccomp.supported():
        raise UserError(Fault("programs can be run on Linux (x86-64, 64-bit ARM) only", hint="run this step there"))
    if isolated and shutil.which("bwrap") is None:
        raise UserError(Fault("programs cannot be isolated: bubblewrap is not installed", hint=_INSTALL))


def environment(*, isolated: bool) -> dict[str, str]:
    """Return all the environment that a program sees: nothing of this one."""
    libraries = f"{_PREFIX}/lib" if isolated else str(Path(sys.base_prefix) / "lib")
    return {**_ENVIRONMENT, "LD_LIBRARY_PATH": libraries}


def command(settings: dict[str, Any], *, isolated: bool, index: int, packages: Iterable[str] = ()) -> list[str]:
    """Return the command that starts the warm interpreter of the `index`-th cell.

    Raises:
        UserError: a package is not installed.

    """
    paths = set()
    for name in packages:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise UserError(Fault(f"the package {name!r} is not installed here", hint=f"pip install {name}"))
        origin = Path(spec.origin)
        paths.add(str(origin.parent.parent if spec.submodule_search_locations else origin.parent))
    folders = {f"/packages/{i}": path for i, path in enumerate(sorted(paths))}
    as_root = os.geteuid() == 0
    identity = _UNUSED_IDS[(os.getpid() + index) % len(_UNUSED_IDS)] if isolated and as_root else None
    num_tasks = settings["num_tasks"] + (0 if as_root else 2)  # an ordinary user's first two processes count as well
    startup = {**settings, "num_tasks": num_tasks, "isolated": isolated, "identity": identity}
    startup |= {"path": [*folders] if isolated else [*folders.values()], "packages": [*packages]}
    startup["inside"] = "/inside" if isolated else str(INSIDE)
    interpreter = Path(os.path.realpath(sys.executable))
    if not isolated:
        return [str(interpreter), *_BARE, str(ZYGOTE), json.dumps(startup)]
    inside = f"{_PREFIX}/bin/{interpreter.name}"
    mounts = {inside: str(interpreter), "/zygote.py": str(ZYGOTE), "/inside": str(INSIDE), **folders}
    return [*_walls(mounts, as_root), "--", inside, *_BARE, "/zygote.py", json.dumps(startup)]


def _walls(mounts: Mapping[str, str], as_root: bool) -> list[str]:
    walls = ["bwrap", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    walls += ["--die-with-parent", "--new-session", "--hostname", "sandbox", "--cap-drop", "ALL"]
    if not as_root:
        walls += ["--unshare-user", "--uid", str(_NOBODY), "--gid", str(_NOBODY)]
    for capability in _KEPT if as_root else _KEPT[:1]:
        walls += ["--cap-add", capability]
    for folder in (_PREFIX, f"{_PREFIX}/bin", "/packages", "/dev", "/tmp"):  # noqa: S108 - the run's own
        walls += ["--dir", folder]  # else it is made so that only root may enter
    for inside, outside in {**_libraries(), **mounts}.items():
        walls += ["--ro-bind", outside, inside]
    for inside, outside in _libraries().items():  # of packages installed there, programs see none
        for pattern in ("python3*/site-packages", "python3*/dist-packages"):
            for path in sorted(path.relative_to(outside) for path in Path(outside).glob(pattern) if path.is_dir()):
                walls += ["--tmpfs", f"{inside}/{path}"]
    for device in _DEVICES:
        walls += ["--dev-bind", device, device]
    for name, value in environment(isolated=True).items():
        walls += ["--setenv", name, value]
    return [*walls, "--remount-ro", "/", "--chdir", "/tmp"]  # noqa: S108


def _libraries() -> dict[str, str]:
    """Return where the standard library and the system's shared libraries lie, by where they are seen inside."""
    folders = {f"{_PREFIX}/{name}": str(Path(sys.base_prefix) / name) for name in ("lib", "lib64")}
    folders |= {name: name for name in _SYSTEM}
    return {inside: os.path.realpath(outside) for inside, outside in folders.items() if os.path.isdir(outside)}
