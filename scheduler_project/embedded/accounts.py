"""Which account the servers run as, and the way to their folder.

PostgreSQL refuses to run as root, so root starts the servers as ``nobody``: initdb insists on an
account with a name, and this is the one every system has. It may enter the folders above its data,
and no more than enter: an access control entry for it alone, or, where the file system has none,
the search bit.
"""

import errno
import os
import pwd
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scheduler_project.embedded.errors import EmbeddedServerError

_ACL = "system.posix_acl_access"
_VERSION = struct.Struct("<I")
_ENTRY = struct.Struct("<HHI")  # tag, permissions, id
_OWNER, _USER, _GROUP, _MASK, _OTHER = 0x01, 0x02, 0x04, 0x10, 0x20
_NOBODY_IN_PARTICULAR = 0xFFFFFFFF
_SEARCH = 0o1


@dataclass(frozen=True)
class Account:
    """A user and a group id that servers run under."""

    uid: int
    gid: int

    def as_popen_arguments(self) -> dict[str, Any]:
        """Return what makes ``subprocess`` run a program under this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def find_account(data: Path) -> Account | None:
    """Return whom the server of ``data`` runs as; None means as whoever started it."""
    owner = data.stat() if data.exists() else None
    if os.geteuid() != 0:
        if owner and owner.st_uid != os.geteuid():
            raise EmbeddedServerError(
                f"{data} belongs to user id {owner.st_uid}: start as root or as that user"
            )
        return None
    if owner:
        return Account(owner.st_uid, owner.st_gid)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise EmbeddedServerError(
            "PostgreSQL does not run as root and there is no account `nobody` to run it as: "
            "start as another user, or set DATABASE_URL and REDIS_URL"
        ) from None
    return Account(nobody.pw_uid, nobody.pw_gid)


def can_reach(path: Path, account: Account) -> bool:
    """Return whether ``account`` may enter every folder above ``path``."""
    return all(_can_enter(folder, account) for folder in path.resolve().parents)


def open_way(path: Path, account: Account) -> None:
    """Let ``account`` enter the folders above ``path`` that are closed to it."""
    for folder in reversed(path.resolve().parents):
        if not _can_enter(folder, account):
            _let_in(folder, account.uid)


def _can_enter(folder: Path, account: Account) -> bool:
    status = folder.stat()
    if status.st_uid == account.uid:
        return bool(status.st_mode & 0o100)
    if status.st_gid == account.gid:
        return bool(status.st_mode & 0o010)
    return bool(status.st_mode & 0o001)


def _let_in(folder: Path, uid: int) -> None:
    try:
        entries = [entry for entry in _entries(folder) if entry[::2] != (_USER, uid)]
        entries.append((_USER, _SEARCH, uid))
        mask = next((entry for entry in entries if entry[0] == _MASK), None)
        if mask:
            entries.remove(mask)
        allowed = mask[1] if mask else next(e[1] for e in entries if e[0] == _GROUP)
        entries.append((_MASK, allowed | _SEARCH, _NOBODY_IN_PARTICULAR))
        packed = b"".join(_ENTRY.pack(*entry) for entry in sorted(entries, key=lambda e: e[::2]))
        os.setxattr(folder, _ACL, _VERSION.pack(2) + packed)
    except (OSError, AttributeError):  # no access control lists here
        folder.chmod(folder.stat().st_mode | 0o001)


def _entries(folder: Path) -> list[tuple[int, int, int]]:
    """Return the folder's access control list, or the one its mode stands for."""
    try:
        packed = os.getxattr(folder, _ACL)
    except OSError as error:
        if error.errno != errno.ENODATA:
            raise
        mode = folder.stat().st_mode
        shares = {_OWNER: mode >> 6 & 7, _GROUP: mode >> 3 & 7, _OTHER: mode & 7}
        return [(tag, share, _NOBODY_IN_PARTICULAR) for tag, share in shares.items()]
    return [(tag, share, who) for tag, share, who in _ENTRY.iter_unpack(packed[_VERSION.size :])]
