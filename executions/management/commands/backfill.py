"""``manage.py backfill``: run a job for the slots of a range of its past."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from audit.command import PlatformCommand, command_actor
from core.program import PROGRAM
from executions.backfills import (
    BackfillRequest,
    Include,
    cancel_backfill,
    preview_backfill,
    start_backfill,
)
from executions.lookup import as_uuid, find_job, find_schedule
from executions.management.backfills import draw_progress, show_backfills, show_slots
from executions.management.moments import read_moment
from executions.management.parameters import add_parameter_options, read_parameters
from executions.models import Backfill, BackfillOrder
from executions.serializers.backfills import show_range
from executions.views.backfills import show_backfill

_MOST_LISTED = 200


class Command(PlatformCommand):
    """Starts one, shows what it would open, lists them, or cancels one."""

    help = (
        "Run a job for the slots of a range of its past, a few at a time. Slots that ran, or are"
        " under way, are left out."
    )
    examples = (
        'backfill "Morning greeting" --from 2026-05-04 --until 2026-05-11 --dry-run',
        'backfill "Morning greeting" --from 2026-05-04 --until 2026-05-11 --limit 4 --follow',
        "backfill --list",
        "backfill --cancel 01999999-0000-7000-8000-000000000000",
    )
    has_json = True

    def add_arguments(self, parser: CommandParser) -> None:
        """Define what is to be run, how, and the other acts."""
        act = parser.add_mutually_exclusive_group()
        act.add_argument("job", nargs="?", help="name or id")
        act.add_argument("--list", action="store_true", help="list the last 200")
        act.add_argument("--cancel", metavar="ID", help="cancel what no worker has claimed")
        parser.add_argument("--stop-running", action="store_true", help="with --cancel: all of it")
        for option, name, words in (
            ("--from", "begin", "slots at this time or later"),
            ("--until", "until", "slots before this time, which is over"),
        ):
            parser.add_argument(option, dest=name, type=read_moment, metavar="TIME", help=words)
        parser.add_argument("--schedule", metavar="ID", help="where the job has several")
        self._add_manner(parser)
        add_parameter_options(parser)

    def _add_manner(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--limit", type=int, default=1, metavar="COUNT", help="so many at once (default 1)"
        )
        parser.add_argument("--newest-first", action="store_true", help="begin at the end")
        parser.add_argument(
            "--include",
            choices=[include.value for include in Include],
            default=Include.MISSING.value,
            help="failed: also slots that were started and did not succeed (default missing)",
        )
        parser.add_argument(
            "--priority", type=int, default=0, help="0 to 9, which goes first (default 0)"
        )
        parser.add_argument("--reason", default="", help="kept in the audit trail")
        parser.add_argument("--dry-run", action="store_true", help="only say what it would run")
        parser.add_argument(
            "--follow", action="store_true", help="show how far it is until it ends"
        )

    def run(self, options: dict[str, Any]) -> None:
        """Do the one act that is asked for."""
        if options["list"]:
            self._list(options)
        elif options["cancel"]:
            self._cancel(options)
        else:
            self._backfill(options)

    def _list(self, options: dict[str, Any]) -> None:
        rows = list(Backfill.objects.select_related("job").order_by("-pk")[:_MOST_LISTED])
        self.answer(
            options,
            document=lambda: [show_backfill(row) for row in rows],
            shown=lambda: show_backfills(rows),
        )

    def _cancel(self, options: dict[str, Any]) -> None:
        backfill = cancel_backfill(
            actor=command_actor(),
            backfill=_find(options["cancel"]),
            stops_running=options["stop_running"],
            reason=options["reason"] or None,
        )
        self._tell(backfill, options)

    def _backfill(self, options: dict[str, Any]) -> None:
        for name, option in (("job", "a job"), ("begin", "--from"), ("until", "--until")):
            if options[name] is None:
                raise CommandError(f"Give {option}; or --list, or --cancel.")
        job, request = find_job(options["job"]), _read_request(options)
        if options["dry_run"]:
            found = preview_backfill(job=job, request=request)
            self.answer(
                options, document=lambda: show_range(found), shown=lambda: show_slots(found)
            )
            return
        backfill = start_backfill(actor=command_actor(), job=job, request=request)
        if not options["follow"]:
            self._tell(backfill, options)
            return
        self.aside.print(f"backfill {backfill.pk}")
        progress = draw_progress(backfill, self.aside)
        self._tell(backfill, options)
        if rest := progress.total - progress.counts.get("succeeded", 0):
            raise CommandError(
                f"{rest:,} of {progress.total:,} did not succeed."
                f" See `{PROGRAM} executions --job {job.pk!s}`."
            )

    def _tell(self, backfill: Backfill, options: dict[str, Any]) -> None:
        self.answer(
            options,
            document=lambda: show_backfill(backfill),
            shown=lambda: show_backfills([backfill]),
        )


def _read_request(options: dict[str, Any]) -> BackfillRequest:
    is_given = options["parameters"] is not None or options["param"]
    order = BackfillOrder.NEWEST_FIRST if options["newest_first"] else BackfillOrder.OLDEST_FIRST
    return BackfillRequest(
        from_at=options["begin"],
        until_at=options["until"],
        schedule_id=find_schedule(options["schedule"]).pk if options["schedule"] else None,
        order=order,
        max_concurrent_executions=options["limit"],
        priority=options["priority"],
        include=Include(options["include"]),
        parameters=read_parameters(options, given={}) if is_given else None,
        reason=options["reason"],
    )


def _find(text: str) -> Backfill:
    identifier = as_uuid(text)
    backfills = Backfill.objects.select_related("job")
    found = backfills.filter(pk=identifier).first() if identifier else None
    if found is None:
        raise CommandError(
            f"There is no backfill {text!r}. Give a whole id; `{PROGRAM} backfill --list` has them."
        )
    return found
