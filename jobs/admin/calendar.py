"""Holiday calendars in the admin."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from audit.admin_forms import ServiceAdmin, admin_actor
from core.admin_display import badge, moment
from core.admin_page import PlatformList, Section
from core.clock import database_now
from jobs.admin.calendar_change import change_words
from jobs.admin.calendar_days import days_of_year, users_words
from jobs.admin.calendar_form import CALENDAR_FIELDS, CalendarForm, CalendarPreviewForm
from jobs.admin.filters import ArchivedFilter
from jobs.admin.live_panel import LIVE_SCRIPT, answer_form, live_panel
from jobs.calendars.changing import archive_calendar, refresh_calendar
from jobs.calendars.coverage import RunningOut, calendars_running_out
from jobs.calendars.drafting import preview_change
from jobs.models import HolidayCalendar


class CalendarList(PlatformList):
    """Looks once which calendars run out."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        found = {one.calendar.pk: one for one in calendars_running_out(database_now())}
        for calendar in self.result_list:
            calendar.running_out = found.get(calendar.pk)


@admin.register(HolidayCalendar)
class CalendarAdmin(ServiceAdmin):
    """Which days are business days."""

    form = CalendarForm
    list_display: Any = ("name", "made_of", "years", "coverage", "schedule_count", "version")
    list_filter = (ArchivedFilter,)
    list_filter_submit = True
    ordering = ("name",)
    search_fields = ("name", "description")
    search_help_text = "A part of the name or the description."
    actions: Any = ("refresh", "archive")
    readonly_fields = ("effect", "created", "updated")
    conditional_fields = {
        "half_day_closes_at": "typeof half_days === 'undefined' || half_days === 'early_close'"
    }

    class Media:
        js = (LIVE_SCRIPT,)

    def get_urls(self) -> list[URLPattern]:
        preview: Any = self.admin_site.admin_view(require_POST(self.show_preview))
        return [
            path("preview/", preview, name="jobs_holidaycalendar_preview"),
            path("<uuid:pk>/preview/", preview, name="jobs_holidaycalendar_preview_saved"),
            *super().get_urls(),
        ]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[PlatformList]:
        return CalendarList

    def get_queryset(self, request: HttpRequest) -> Any:
        live = Count("schedules", filter=Q(schedules__archived_at__isnull=True))
        return super().get_queryset(request).annotate(schedule_count=live)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        may_write = obj is None or self.has_change_permission(request, obj)
        fields = (*CALENDAR_FIELDS, *(["effect"] if may_write else []))
        return [
            (None, {"fields": fields}),
            *([("History", {"fields": ("created", "updated")})] if obj else []),
        ]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_archived = isinstance(obj, HolidayCalendar) and obj.archived_at is not None
        return not is_archived and super().has_change_permission(request, obj)

    def has_archive_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "jobs.delete_holidaycalendar")

    def page_head(self, request: HttpRequest, obj: HolidayCalendar) -> SafeString | str:
        head = format_html("{}<span>version {}</span>", self.coverage(obj), obj.version)
        running_out: RunningOut | None = getattr(obj, "running_out", None)
        if running_out is None:
            return head
        return format_html(
            '{}<p class="banner banner-{}"><span>{}</span></p>',
            head,
            "bad" if running_out.stuck else "late",
            _ending_words(running_out),
        )

    def page_buttons(self, obj: HolidayCalendar) -> Iterable[str]:
        return () if obj.archived_at else ("refresh", "archive")

    def page_sections(self, request: HttpRequest, obj: HolidayCalendar) -> Iterable[Section]:
        year, shown = days_of_year(obj, request.GET.get("year", ""), today=database_now().date())
        yield Section(f"Days of {year}", shown)
        if self.may(request, "jobs.view_jobschedule"):
            yield Section("Schedules that reckon with it", users_words(obj))

    def show_preview(self, request: HttpRequest, pk: UUID | None = None) -> HttpResponse:
        """Answer what saving the form as it stands would do; nothing is written."""
        calendar = self.get_object(request, str(pk)) if pk else None
        if pk and calendar is None:
            raise Http404
        may_write = self.has_change_permission if pk else self.has_add_permission
        if not may_write(request, *([calendar] if pk else [])):
            raise PermissionDenied
        form_class: Any = self.get_form(
            request, calendar, change=bool(pk), form=CalendarPreviewForm
        )
        return answer_form(form_class(request.POST, instance=calendar), otherwise=_otherwise)

    @admin.action(description="Work out again …", permissions=["change"])
    def refresh(self, request: HttpRequest, queryset: Any) -> Any:
        now = database_now()
        said = [f"{one}: {change_words(preview_change(one, {}, now=now))}." for one in queryset]
        question = f"Work out the days again? {' '.join(said)}"
        if page := self.ask(request, queryset, action="refresh", question=question):
            return page
        actor = admin_actor(request)
        return self.act_on_each(
            request,
            queryset,
            lambda calendar: refresh_calendar(actor=actor, calendar=calendar),
            "Worked out again",
        )

    @admin.action(description="Archive …", permissions=["archive"])
    def archive(self, request: HttpRequest, queryset: Any) -> Any:
        question = "Archive for good? No schedule can name it any more."
        if page := self.ask(request, queryset, action="archive", question=question):
            return page
        actor = admin_actor(request)
        return self.act_on_each(
            request,
            queryset,
            lambda calendar: archive_calendar(actor=actor, calendar=calendar),
            "Archived",
        )

    @admin.display(description="saving this")
    def effect(self, calendar: HolidayCalendar) -> SafeString:
        if calendar._state.adding:
            url = reverse("admin:jobs_holidaycalendar_preview")
        else:
            url = reverse("admin:jobs_holidaycalendar_preview_saved", args=[calendar.pk])
        return live_panel(_otherwise(None), url=url, key="calendar-effect")

    @admin.display(description="made of")
    def made_of(self, calendar: HolidayCalendar) -> str:
        return ", ".join(map(_source_words, calendar.sources)) or "its own days only"

    @admin.display(description="years")
    def years(self, calendar: HolidayCalendar) -> str:
        return f"{calendar.first_year} to {calendar.last_year}"

    @admin.display(description="coverage", ordering="last_year")
    def coverage(self, calendar: Any) -> SafeString:
        if calendar.archived_at:
            return badge("archived", look="stopped", sign="inventory_2")
        if not hasattr(calendar, "running_out"):
            found = calendars_running_out(database_now())
            calendar.running_out = next((o for o in found if o.calendar.pk == calendar.pk), None)
        running_out: RunningOut | None = calendar.running_out
        if running_out is None:
            return badge("covered", look="good", sign="check")
        if running_out.stuck:
            return badge(f"{running_out.stuck} stuck", look="bad", sign="warning")
        return badge(f"ends {running_out.ends_on}", look="late", sign="warning")

    @admin.display(description="schedules", ordering="schedule_count")
    def schedule_count(self, calendar: Any) -> int:
        return int(calendar.schedule_count)

    @admin.display(description="created")
    def created(self, calendar: HolidayCalendar) -> SafeString:
        return format_html("{} by {}", moment(calendar.created_at), calendar.created_by)

    @admin.display(description="changed")
    def updated(self, calendar: HolidayCalendar) -> SafeString:
        if calendar.updated_by is None:
            return moment(None)
        return format_html("{} by {}", moment(calendar.updated_at), calendar.updated_by)


def _ending_words(running_out: RunningOut) -> str:
    users, stuck = running_out.schedules, running_out.stuck
    used = f"{users} schedule{'s' * (users != 1)} reckon{'s' * (users == 1)} with it"
    stands = f", {stuck} of them can go no further" if stuck else ""
    return f"Its dates end on {running_out.ends_on}; {used}{stands}. Give it a later last year."


def _otherwise(problem: str | None) -> SafeString:
    said = problem or "Changes are told here before they are saved."
    return format_html('<p class="preview-words">{}</p>', said)


def _source_words(source: dict[str, Any]) -> str:
    code = source.get("market") or source.get("country", "")
    return "-".join(filter(None, [code, source.get("subdivision")]))
