"""The page of the simulator."""

from calendar import day_name
from typing import Any

from django.http import HttpRequest
from django.template.response import TemplateResponse

from core.admin_page import PlatformAdmin
from core.clock import database_now
from jobs.admin.display import schedule_badge
from jobs.admin.simulator import MARKS, MONTHS, Picture, draw, later, month_of
from jobs.models import JobSchedule, ScheduleType
from jobs.schedules import InvalidRule
from jobs.schedules.zone import load_zone

_UNFORESEEN = "It fires after each of its own runs, so its fires cannot be foreseen."


def show_simulator(
    admin: PlatformAdmin, request: HttpRequest, schedule: JobSchedule, back: str
) -> TemplateResponse:
    """Show two years from this month on, or from the month that ``?from=`` names."""
    now = database_now()
    try:
        today = now.astimezone(load_zone(schedule.timezone)).date()
        first = month_of(request.GET.get("from", ""), today)
        picture, problem = _picture(schedule, first=first, now=now)
    except InvalidRule as error:
        first, picture, problem = now.date().replace(day=1), None, str(error)
    context: dict[str, Any] = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "title": admin.page_title(schedule),
        "schedule": schedule,
        "badge": schedule_badge(schedule),
        "picture": picture,
        "counted": _counted(picture) if picture else "",
        "problem": problem,
        "earlier": later(first, -MONTHS),
        "later": later(first, MONTHS),
        "back": back,
        "weekdays": list(day_name),
        "legend": [(mark, *words) for mark, words in MARKS.items()],
    }
    return TemplateResponse(request, "jobs/admin/simulator.html", context)


def _picture(schedule: JobSchedule, **kwargs: Any) -> tuple[Picture | None, str]:
    if schedule.schedule_type == ScheduleType.AFTER_COMPLETION:
        return None, _UNFORESEEN
    return draw(schedule, **kwargs), ""


def _counted(picture: Picture) -> str:
    fires = f"{picture.fire_count:,} fire{'s' * (picture.fire_count != 1)}"
    return f"{fires} shown; {picture.odd_count:,} with something to tell"
