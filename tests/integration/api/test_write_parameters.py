"""A change hears every word of its address, or does nothing."""

import pytest

from jobs.models import ExclusionWindow, HolidayCalendar
from tests.factories import make_schedule

pytestmark = pytest.mark.django_db

FREEZE = {
    "name": "Freeze",
    "scope": "global",
    "firstDate": "2026-12-01",
    "lastDate": "2026-12-05",
}


def test_what_an_address_does_not_know_is_refused_and_nothing_is_changed(api):
    schedule = make_schedule()

    answers = [
        api.send("post", "/api/exclusions?dryRun=true", FREEZE),
        api.send("patch", f"/api/schedules/{schedule.pk}?dryRun=true", {"intervalSeconds": 60}),
        api.send("delete", f"/api/schedules/{schedule.pk}?force=1"),
    ]

    assert [answer.status_code for answer in answers] == [400, 400, 400]
    assert answers[0].json()["errors"][0]["parameter"] == "dryRun"
    assert not ExclusionWindow.objects.exists()
    schedule.refresh_from_db()
    assert (schedule.interval_seconds, schedule.archived_at) == (10, None)


def test_a_calendar_takes_a_dry_run_where_it_has_one(api):
    body = {"name": "Office", "sources": [{"country": "GB", "subdivision": "ENG"}]}

    assert api.send("post", "/api/calendars?dryRun=true", body).status_code == 200
    assert not HolidayCalendar.objects.exists()
    made = api.send("post", "/api/calendars", body).json()
    assert api.send("delete", f"/api/calendars/{made['id']}?dryRun=true").status_code == 400
    assert HolidayCalendar.objects.get().archived_at is None
