"""What became of the slots of a schedule, and why it does not fire, by REST."""

from datetime import timedelta
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ErrorDetail
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from core.api.problems import ProblemRaised, invalid_parameters
from core.api.queries import Query
from core.clock import database_now
from executions.ledger import Fate
from executions.ledger.pages import LedgerPage, read_ledger_page
from executions.serializers.slots import SlotPage, SlotQuery, write_cursor
from executions.serializers.why import WhySerializer
from executions.why import explain_schedule
from jobs import views as jobs

_DAY = timedelta(days=1)


class ScheduleSlots(jobs.ScheduleViewSet):
    """``/api/schedules/{id}/slots`` and ``…/why``"""

    permissions: ClassVar[dict[str, str]] = {
        **jobs.ScheduleViewSet.permissions,
        "slots": "executions.view_jobexecution",
        "why": "executions.view_jobexecution",
    }

    @extend_schema(parameters=[SlotQuery], responses={200: SlotPage})
    @action(detail=True)
    def slots(self, request: Request, pk: str) -> Response:
        """Show what became of each slot of a schedule, oldest first.

        The slots are worked out anew from the rules that the schedule has had; `missed` ones were
        due and have no execution. Where a page has fewer slots than asked for, `next` still says
        whether there are more.
        """
        query = SlotQuery.read(request)
        now = database_now()
        until = query.get("to") or now
        after = query.get("from") or until - _DAY
        if after >= until:
            error = ErrorDetail("It has to be later than from.", "contradiction")
            raise ProblemRaised(invalid_parameters({"to": [error]}))
        page = read_ledger_page(
            self.get_object(),
            after=after,
            until=until,
            now=now,
            fates=frozenset(map(Fate, query.get("state", ()))),
            place=query.get("cursor"),
            limit=query["page_size"],
        )
        return Response(SlotPage(_body(request, page)).data)

    @extend_schema(responses={200: WhySerializer})
    @action(detail=True)
    def why(self, request: Request, pk: str) -> Response:
        """Say why a schedule does not fire now, what comes next, and what the last slot did.

        The first cause decides now.
        """
        Query.read(request)
        return Response(WhySerializer(explain_schedule(self.get_object())).data)


def _body(request: Request, page: LedgerPage) -> dict[str, Any]:
    totals = page.totals
    return {
        "next": page.next_after and _address(request, write_cursor(page.next_after)),
        "previous": None,
        "results": page.entries,
        "summary": {
            "expected": totals.expected,
            "accounted": totals.accounted,
            "missed": totals.missed,
            "states": {fate.value: count for fate, count in totals.fates.items()},
            "counted_until_utc": page.counted_until,
        },
    }


def _address(request: Request, cursor: str) -> str:
    return replace_query_param(request.build_absolute_uri(), "cursor", cursor)
