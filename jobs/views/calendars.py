"""Business calendars by REST."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ErrorDetail
from rest_framework.request import Request
from rest_framework.response import Response

from audit.actors import actor_of
from core.api.openapi import page_of
from core.api.problems import ProblemRaised, invalid_parameters
from core.api.views import answer_all
from core.clock import database_now
from jobs.calendars.changing import archive_calendar, change_calendar, create_calendar
from jobs.calendars.drafting import preview_calendar, preview_change
from jobs.models import HolidayCalendar
from jobs.serializers.calendars import (
    CalendarChangeSerializer,
    CalendarQuery,
    CalendarSerializer,
    DaySerializer,
    DaysQuery,
    DryRunQuery,
)
from jobs.views.changing import ChangingViewSet

_CHANGED_OR_PREVIEWED = PolymorphicProxySerializer(
    component_name="CalendarOrChange",
    serializers=[CalendarSerializer, CalendarChangeSerializer],
    resource_type_field_name=None,
)


class CalendarViewSet(ChangingViewSet):
    """``/api/calendars``"""

    write_parameters: ClassVar = dict.fromkeys(("create", "update", "partial_update"), ("dryRun",))
    serializer_class = CalendarSerializer
    # They have no default: their first values came from the sources and the year.
    kept_by_put = frozenset({"weekend", "first_year", "last_year"})
    permissions: ClassVar[dict[str, str]] = {
        "list": "jobs.view_holidaycalendar",
        "retrieve": "jobs.view_holidaycalendar",
        "create": "jobs.add_holidaycalendar",
        "update": "jobs.change_holidaycalendar",
        "partial_update": "jobs.change_holidaycalendar",
        "destroy": "jobs.delete_holidaycalendar",
        "days": "jobs.view_holidaycalendar",
    }

    def get_queryset(self) -> QuerySet[HolidayCalendar]:
        return HolidayCalendar.objects.all()

    @extend_schema(parameters=[CalendarQuery])
    def list(self, request: Request) -> Response:
        """List calendars, newest first."""
        query = CalendarQuery.read(request)
        rows = HolidayCalendar.objects.unarchived()
        if search := query.get("search"):
            rows = rows.filter(name__icontains=search)
        return self.answer_page(rows, query=query)

    def retrieve(self, request: Request, pk: str) -> Response:
        """Show what a calendar is made of."""
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        parameters=[DryRunQuery],
        responses={200: CalendarChangeSerializer, 201: CalendarSerializer},
    )
    def create(self, request: Request) -> Response:
        """Create a calendar, or with `dryRun` show the days it would have.

        Years that are left out are the last, this and five more; a weekend that is left out is that
        of the sources.
        """
        is_dry_run = DryRunQuery.read(request)["dry_run"]
        body = self.read_body()
        fields = dict(body.validated_data)
        fields.pop("updated_by", None)
        actor = actor_of(request, claims=fields.pop("created_by", None))
        with body.naming_fields():
            if is_dry_run:
                change = preview_calendar(fields, now=database_now())
                return Response(CalendarChangeSerializer(change).data)
            calendar = create_calendar(actor=actor, fields=fields)
        answer = self.answer_row(calendar.pk, status=201)
        answer["Location"] = reverse("calendar-detail", args=[calendar.pk])
        return answer

    @extend_schema(parameters=[DryRunQuery], responses={200: _CHANGED_OR_PREVIEWED})
    def update(self, request: Request, pk: str) -> Response:
        """Change a calendar; what is left out returns to its default.

        Its weekend and its years stay as they are unless they are given. Every schedule that
        reckons with it follows from now on. With `dryRun` nothing is saved, and what would move is
        shown.
        """
        return super().update(request, pk)

    @extend_schema(parameters=[DryRunQuery], responses={200: _CHANGED_OR_PREVIEWED})
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change what is given of a calendar, or with `dryRun` show what that would move.

        Every schedule that reckons with it follows from now on.
        """
        return super().partial_update(request, pk)

    def change(self, request: Request, *, is_whole: bool) -> Response:
        is_dry_run = DryRunQuery.read(request)["dry_run"]
        calendar = self.get_object()
        body, fields = self.read_change(calendar, is_whole=is_whole)
        actor = actor_of(request, claims=fields.pop("updated_by", None))
        with body.naming_fields():
            if is_dry_run:
                change = preview_change(calendar, fields, now=database_now())
                return Response(CalendarChangeSerializer(change).data)
            change_calendar(actor=actor, calendar=calendar, fields=fields)
        return self.answer_row(calendar.pk)

    def destroy(self, request: Request, pk: str) -> Response:
        """Archive a calendar that nothing uses."""
        archive_calendar(actor=actor_of(request), calendar=self.get_object())
        return Response(status=204)

    @extend_schema(parameters=[DaysQuery], responses=page_of(DaySerializer))
    @action(detail=True)
    def days(self, request: Request, pk: str) -> Response:
        """List the days of a calendar that are not as their weekday says, in order of date."""
        year = DaysQuery.read(request).get("year")
        calendar = self.get_object()
        version = calendar.versions.get(number=calendar.version)
        if year is not None and not version.first_year <= year <= version.last_year:
            raise ProblemRaised(_no_such_year(calendar, year))
        rows = [row for row in version.days if year in (None, int(row["date"][:4]))]
        return answer_all(rows, serializer=DaySerializer)


def _no_such_year(calendar: HolidayCalendar, year: int) -> Any:
    known = f"from {calendar.first_year} to {calendar.last_year}"
    detail = f"{calendar.name} has days {known}, not for {year}; extend its years first."
    return invalid_parameters({"year": [ErrorDetail(detail, "not_covered")]})
