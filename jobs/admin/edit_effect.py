"""What an edit would do to the fires of the days to come, told before it is saved."""

from dataclasses import dataclass

from django.utils.safestring import SafeString

from core.admin_display import badge, short_moment
from jobs.admin.display import local_time
from jobs.previewing import ChangePreview, Fire

DAYS = 30
_MOST_SHOWN = 20


@dataclass(frozen=True)
class ChangeRow:
    """One fire that the edit adds or removes, on the clock of the rule that has it."""

    badge: SafeString
    local: SafeString
    utc: SafeString


@dataclass(frozen=True)
class EditEffect:
    """What an edit adds and removes, in words, and the first of both in order of time."""

    words: str
    rows: list[ChangeRow]


def effect_of(change: ChangePreview) -> EditEffect:
    """Return what to show of a change that was looked at for ``DAYS`` days."""
    added = badge("added", look="good", sign="add")
    removed = badge("removed", look="bad", sign="remove")
    changes = [(fire, added) for fire in change.added] + [(f, removed) for f in change.removed]
    changes.sort(key=lambda pair: pair[0].at)
    return EditEffect(_words(change), [_row(*pair) for pair in changes[:_MOST_SHOWN]])


def _row(fire: Fire, sign: SafeString) -> ChangeRow:
    return ChangeRow(sign, local_time(fire.local), short_moment(fire.at))


def _words(change: ChangePreview) -> str:
    added, removed = len(change.added), len(change.removed)
    stay = f"; {_fires(change.kept)} stay{'s' * (change.kept == 1)}" if change.kept else ""
    if not added and not removed:
        return f"In the next {DAYS} days this edit adds and removes nothing{stay}."
    done = [f"adds {_fires(added)}"] * bool(added) + [f"removes {_fires(removed)}"] * bool(removed)
    at_least = " at least" if change.is_cut else ""
    first = " These are the first of them." if added + removed > _MOST_SHOWN else ""
    return f"In the next {DAYS} days this edit{at_least} {' and '.join(done)}{stay}.{first}"


def _fires(count: int) -> str:
    return f"{count:,} fire{'s' * (count != 1)}"
