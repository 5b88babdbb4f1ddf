"""Why, by REST."""

import pytest

from tests.factories import make_execution, make_job, make_schedule
from tests.integration.api.addresses import NOBODY
from tests.integration.api.test_problems import problem_of
from tests.integration.executions.causes import make_beat, make_process

pytestmark = pytest.mark.django_db


def test_an_execution_says_who_has_its_place(api):
    make_beat()
    make_process()
    job = make_job(name="Load", max_concurrent_executions=1)
    running = make_execution(job, status="running")
    execution = make_execution(job)

    body = api.get(f"/api/executions/{execution.pk}/why").json()

    assert body == {
        "kind": "execution",
        "id": str(execution.pk),
        "jobName": "Load",
        "status": "scheduled",
        "summary": body["causes"][0]["detail"],
        "causes": [
            {
                "code": "job_limit",
                "detail": f"The limit of job Load is reached: 1 of 1 under way ({running.pk}).",
                "since": None,
                "until": None,
                "holders": [
                    {
                        "executionId": str(running.pk),
                        "jobName": "Load",
                        "worker": "worker1@test",
                    }
                ],
                "link": f"/api/jobs/{job.pk}",
            }
        ],
    }
    assert api.get(body["causes"][0]["link"]).status_code == 200


def test_a_schedule_says_what_comes_next(api):
    make_beat()
    make_process()
    schedule = make_schedule(interval_seconds=3600)

    body = api.get(f"/api/schedules/{schedule.pk}/why").json()

    assert (body["kind"], body["status"]) == ("schedule", "firing")
    assert body["causes"][0]["code"] == "next_slot"
    assert body["causes"][0]["until"] == schedule.next_fire_at.isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize("kind", ["executions", "schedules"])
def test_what_does_not_exist_has_no_answer(api, bob_api, kind):
    address = f"/api/{kind}/{NOBODY}/why"
    problem_of(api.get(address), 404, "not_found")
    problem_of(api.get(f"{address}?x=1"), 400, "validation_error")
    assert bob_api.get(address).status_code == 403
