"""What became of the slots of a schedule, by REST."""

from datetime import timedelta

import pytest

from core.clock import database_now
from executions.ledger import pages
from executions.models import JobExecution
from executions.planner import plan
from tests.factories import make_schedule
from tests.integration.api.test_problems import problem_of
from tests.integration.executions.test_ledger import at, change, make_cron
from tests.integration.executions.test_ledger_commands import lose, make_outage

pytestmark = pytest.mark.django_db

SPAN = "from=2026-05-04T00:30:00Z&to=2026-05-04T05:30:00Z"


def slots(api, schedule, query=SPAN):
    answer = api.get(f"/api/schedules/{schedule.pk}/slots?{query}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_each_slot_with_what_became_of_it_and_a_summary(api):
    schedule = make_outage(timezone="Europe/Berlin")
    lose(schedule, "04:00")

    answer = slots(api, schedule)

    first, skipped, _, missed, late = answer["results"]
    rows = {row.scheduled_for: row for row in schedule.executions.all()}
    assert first == {
        "slotUtc": "2026-05-04T01:00:00Z",
        "local": "2026-05-04T03:00:00+02:00",
        "businessDate": "2026-05-04",
        "state": "under_way",
        "reason": None,
        "detail": None,
        "executionId": str(rows[at("01:00")].pk),
        "status": "scheduled",
        "backfillExecutionId": None,
        "backfillStatus": None,
    }
    assert (skipped["state"], skipped["reason"], skipped["status"]) == (
        "skipped",
        "misfire",
        "skipped",
    )
    assert (missed["state"], missed["executionId"], missed["status"]) == ("missed", None, None)
    assert missed["businessDate"] == "2026-05-04"
    assert "a hole" in missed["detail"]
    assert late["state"] == "late"
    assert answer["summary"] == {
        "expected": 5,
        "accounted": 4,
        "missed": 1,
        "states": {"under_way": 1, "skipped": 2, "missed": 1, "late": 1},
        "countedUntilUtc": "2026-05-04T05:30:00Z",
    }
    assert (answer["next"], answer["previous"]) == (None, None)


def test_slots_of_a_pause_say_who_paused_it_and_why(api):
    schedule = make_cron("0 * * * *", at("00:30"))
    change(schedule, at("00:40"), paused_at=at("00:40"), pause_reason="The source moves.")

    first = slots(api, schedule)["results"][0]

    assert (first["state"], first["detail"]) == ("paused", "The source moves.")


def test_pages_follow_on_each_other_and_count_the_same(api):
    schedule = make_outage()
    lose(schedule, "04:00")

    page = slots(api, schedule, f"{SPAN}&pageSize=2")
    seen = page["results"]
    while page["next"]:
        page = api.get(page["next"]).json()
        assert page["summary"]["expected"] == 5
        seen += page["results"]

    assert [slot["slotUtc"][11:16] for slot in seen] == [f"0{hour}:00" for hour in range(1, 6)]


def test_states_narrow_the_results_and_not_the_summary(api):
    schedule = make_outage()
    lose(schedule, "04:00")

    answer = slots(api, schedule, f"{SPAN}&state=missed&state=late")

    assert [slot["state"] for slot in answer["results"]] == ["missed", "late"]
    assert answer["summary"]["expected"] == 5


def test_what_is_too_long_to_look_through_at_once_is_looked_through_in_pieces(api, monkeypatch):
    monkeypatch.setattr(pages, "MOST_SLOTS_READ", 100)
    schedule = make_cron("* * * * *", at("00:00"))
    while plan(now=at("05:30")).is_full:
        pass
    JobExecution.objects.filter(schedule=schedule, scheduled_for=at("05:00")).delete()

    page = slots(api, schedule, f"{SPAN}&state=missed")
    calls, found = 1, page["results"]
    assert page["summary"]["expected"] == 100
    assert page["summary"]["countedUntilUtc"] == "2026-05-04T02:10:00Z"
    while page["next"]:
        page = api.get(page["next"]).json()
        found += page["results"]
        calls += 1

    assert calls == 3
    assert [slot["slotUtc"] for slot in found] == ["2026-05-04T05:00:00Z"]


def test_without_a_span_it_is_the_last_24_hours(api):
    now = database_now().replace(microsecond=0)
    schedule = make_cron("0 * * * *", now - timedelta(days=3))
    while plan(now=now).is_full:
        pass

    assert len(slots(api, schedule, "")["results"]) == 24


def test_slots_to_come_are_shown_as_not_due(api):
    schedule = make_schedule()
    later = (database_now() + timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")

    found = slots(api, schedule, f"to={later}&pageSize=3")["results"]

    assert {slot["state"] for slot in found} == {"not_due"}


@pytest.mark.parametrize(
    ("query", "parameter", "said"),
    [
        ("from=soon", "from", "Datetime has wrong format"),
        ("from=2026-05-04T00:00Z&to=2026-05-04T00:00Z", "to", "It has to be later than from."),
        ("state=lost", "state", '"lost" is not a valid choice.'),
        ("cursor=next", "cursor", "Not a cursor of this list; take it from next."),
        ("cursor=99999999999999999999", "cursor", "Not a cursor of this list"),
        ("pageSize=201", "pageSize", "less than or equal to 200"),
        ("until=2026-05-04", "until", "There is no 'until' here"),
    ],
)
def test_a_bad_parameter_is_named(api, query, parameter, said):
    schedule = make_schedule()

    answer = api.get(f"/api/schedules/{schedule.pk}/slots?{query}")

    [error] = problem_of(answer, 400, "validation_error")["errors"]
    assert error["parameter"] == parameter
    assert said in error["detail"]


@pytest.mark.parametrize("query", ["from=0001-01-01&to=0001-01-02", "to=9999-12-31T23:59:59Z"])
def test_the_ends_of_time_are_no_trouble(api, query):
    schedule = make_outage()

    assert slots(api, schedule, query)["summary"]["missed"] == 0


def test_a_schedule_that_is_not_there_is_not_found(api):
    answer = api.get("/api/schedules/01999999-0000-7000-8000-000000000000/slots")
    assert answer.status_code == 404


def test_it_takes_the_right_to_see_executions(bob_api):
    schedule = make_schedule()
    assert bob_api.get(f"/api/schedules/{schedule.pk}/slots").status_code == 403
