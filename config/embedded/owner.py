"""Which system user runs the engines, and where that user may work.

PostgreSQL refuses to run as root. Started by root, the engines therefore run as `nobody`, and everything they touch
must be reachable by that user. No mode of a folder that exists is ever loosened: where the checkout is closed to
others, the engines get a place of their own, and a copy of their programs, outside of it.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

ENGINE_USER = "nobody"
STATE_FOLDERS = (Path("/var/lib"), Path(tempfile.gettempdir()))


class EngineError(RuntimeError):
    """An embedded engine cannot be started; the text says why and what to do."""


@dataclass(frozen=True)
class Owner:
    """The system user that runs the engines; `None` means whoever runs this program."""

    name: str | None

    def run_options(self) -> dict[str, object]:
        """Arguments for `subprocess` that make the child run as this user."""
        if self.name is None:
            return {}
        entry = pwd.getpwnam(self.name)
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        if self.name is not None:
            entry = pwd.getpwnam(self.name)
            os.chown(path, entry.pw_uid, entry.pw_gid)

    def may(self, test: str, path: Path) -> bool:
        """Whether this user passes `test` (`-x`, `-r`) on `path`."""
        if self.name is None:
            return True
        done = subprocess.run(["test", test, str(path)], cwd="/", check=False, **self.run_options())  # type: ignore[call-overload]
        return bool(done.returncode == 0)


def engine_owner() -> Owner:
    if os.geteuid() != 0:
        return Owner(None)
    try:
        pwd.getpwnam(ENGINE_USER)
    except KeyError:
        raise EngineError(
            "PostgreSQL does not run as root, and this system has no user 'nobody' to run it. "
            "Start as an ordinary user, or set DATABASE_URL and REDIS_URL."
        ) from None
    return Owner(ENGINE_USER)


def engine_place(var_dir: Path, owner: Owner) -> Path:
    """The folder for engine data: `var/engines`, or a state folder where the owner cannot reach that."""
    inside = var_dir / "engines"
    _make_folder(var_dir, 0o755)
    if owner.may("-x", var_dir):
        _make_folder(inside, 0o755)
        return inside
    place = _state_folder(var_dir, owner)
    note = var_dir / "engines-are-elsewhere.txt"
    note.write_text(
        f"This checkout is closed to the user {owner.name}, so the engine data lies in:\n{place}\n", "utf-8"
    )
    return place


def _state_folder(var_dir: Path, owner: Owner) -> Path:
    digest = hashlib.sha256(str(var_dir.resolve()).encode()).hexdigest()[:12]
    for parent in STATE_FOLDERS:
        place = parent / f"kineplan-{digest}"
        if not owner.may("-x", parent):
            continue
        try:
            _make_folder(place, 0o755)
        except OSError:
            continue
        if _is_ours(place) and owner.may("-x", place):
            return place
    raise EngineError(
        f"No folder outside of {var_dir} can hold the data of the private PostgreSQL. "
        "Make the checkout reachable for the user nobody, start as an ordinary user, or set DATABASE_URL and REDIS_URL."
    )


def _make_folder(path: Path, mode: int) -> None:
    """Create `path` with exactly `mode`, whatever the umask; leave one that exists as it is."""
    if path.is_dir():
        return
    path.mkdir(parents=True)
    path.chmod(mode)


def _is_ours(path: Path) -> bool:
    """Not a link, and not made by somebody else in a shared folder."""
    status = path.lstat()
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()


def reachable_copy(source: Path, program: str, place: Path, owner: Owner) -> Path:
    """`source` itself, or a copy of it in `place` when the owner cannot run `source/program`."""
    needed = source / program
    if owner.may("-x", needed) and owner.may("-r", needed):
        return source
    target = place / "programs" / f"{source.name}-{_stamp(source)}"
    if not (target / program).exists():
        _make_folder(target.parent, 0o755)
        draft = target.with_name(f"{target.name}.draft")
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(source, draft, symlinks=True)
        _open_for_reading(draft)
        draft.rename(target)
    return target


def _stamp(source: Path) -> str:
    """Changes with every installation of the programs."""
    return f"{source.stat().st_mtime_ns:x}"


def _open_for_reading(root: Path) -> None:
    """Let everybody read the copy that was just made."""
    for path in [root, *root.rglob("*")]:
        if path.is_symlink():
            continue
        executable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
        path.chmod(0o755 if executable else 0o644)
