"""Holds in the admin, the banner above every page, and draining a worker there."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from core.clock import database_now
from executions.holds import hold
from executions.models import Worker
from jobs.holds import EVERYTHING, HoldTarget
from jobs.models import Hold
from tests.factories import TESTER, make_execution, make_job
from tests.integration.executions.admin_pages import (
    JOBS,
    QUEUES,
    WORKERS,
    act,
    job_page,
    let_look,
    make_worker,
)

pytestmark = pytest.mark.django_db

HOLDS = reverse("admin:jobs_hold_changelist")
ADD = reverse("admin:jobs_hold_add")
OVERVIEW = reverse("admin:index")


def hold_page(held: Hold) -> str:
    return reverse("admin:jobs_hold_change", args=[held.pk])


def test_a_job_is_held_changed_and_let_go(as_alice: Client) -> None:
    job = make_job(name="Load")
    queued = make_execution(job, status="queued")
    assert f"{ADD}?scope=job&amp;job={job.pk}" in as_alice.get(job_page(job)).text

    data = {"scope": "job", "job": str(job.pk), "reason": "the source moves"}
    until = {"until_0": "2130-01-07", "until_1": "06:00:00"}
    as_alice.post(ADD, {**data, **until}, follow=True)

    held = Hold.objects.get()
    assert (held.held_by, held.reason, str(held.until)) == (
        *("alice", "the source moves", "2130-01-07 06:00:00+00:00"),
    )
    queued.refresh_from_db()
    assert queued.status == "scheduled"
    assert hold_page(held) in as_alice.get(job_page(job)).text
    assert "job Load" in as_alice.get(HOLDS).text

    as_alice.post(hold_page(held), {"reason": "still moving", "until_0": "", "until_1": ""})
    held.refresh_from_db()
    assert (held.reason, held.until) == ("still moving", None)

    assert "too late run or are skipped" in act(as_alice, HOLDS, "end", held).text
    act(as_alice, HOLDS, "end", held, _confirmed="1")
    held.refresh_from_db()
    assert held.ended_by == "alice"
    assert "job Load" not in as_alice.get(HOLDS).text
    assert "job Load" in as_alice.get(HOLDS, {"state": "ended"}).text
    assert as_alice.get(hold_page(held)).status_code == 200


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"scope": "team", "reason": "x"}, "A hold of scope team names here what it holds."),
        ({"scope": "team", "team_name": "X", "reason": "x"}, "No job is of team"),
        ({"scope": "everything", "queue": "default", "reason": "x"}, "does not take it"),
        ({"scope": "everything", "reason": ""}, "This field is required."),
        (
            {"scope": "everything", "reason": "x", "until_0": "2020-01-01", "until_1": "00:00"},
            "is over; give a later instant",
        ),
        ({"scope": "queue", "queue": "default", "reason": "x"}, "is held already, by tester"),
    ],
)
def test_what_is_refused_stands_in_the_form(
    as_alice: Client, data: dict[str, str], words: str
) -> None:
    default = HoldTarget("queue", queue=make_job().queue)
    hold(actor=TESTER, target=default, reason="x")
    assert words in as_alice.post(ADD, data).text
    assert Hold.objects.count() == 1


@pytest.mark.parametrize("page", [OVERVIEW, JOBS, QUEUES, WORKERS, HOLDS, ADD])
def test_every_page_tells_what_is_held_by_whom_why_and_until_when(
    as_alice: Client, page: str
) -> None:
    assert 'class="notices' not in as_alice.get(page).text
    until = database_now() + timedelta(days=1)
    held = hold(actor=TESTER, target=EVERYTHING, reason="<b>upgrade</b>", until=until)

    shown = as_alice.get(page).text

    assert "Maintenance: nothing is started." in shown
    assert "Held back by tester since" in shown
    assert "&lt;b&gt;upgrade&lt;/b&gt;" in shown
    assert f"{until:%Y-%m-%d}" in shown
    assert f'<a href="{hold_page(held)}">Show</a>' in shown


def test_the_banner_names_the_gravest_first_and_counts_the_rest(as_alice: Client) -> None:
    hold(actor=TESTER, target=EVERYTHING, reason="upgrade")
    for number in range(4):
        target = HoldTarget("job", job=make_job(name=f"Job {number}"))
        hold(actor=TESTER, target=target, reason="x")
    shown = as_alice.get(OVERVIEW).text
    assert shown.index("Maintenance") < shown.index("Job 3 waits.")
    assert "Job 1 waits." not in shown
    assert "2 more holds are in force." in shown


def test_who_may_not_see_holds_reads_the_banner_without_its_link(client: Client, bob: User) -> None:
    let_look(bob, "view_jobdefinition")
    client.force_login(bob)
    held = hold(actor=TESTER, target=EVERYTHING, reason="upgrade")
    shown = client.get(JOBS).text
    assert "Maintenance: nothing is started." in shown
    assert hold_page(held) not in shown
    assert client.get(HOLDS).status_code == 403


def test_everything_takes_a_permission_more(client: Client, bob: User) -> None:
    let_look(bob, "view_hold", "add_hold", "change_hold")
    client.force_login(bob)
    held = hold(actor=TESTER, target=EVERYTHING, reason="upgrade")
    assert "Select a valid choice" in client.post(ADD, {"scope": "everything", "reason": "x"}).text
    act(client, HOLDS, "end", held, _confirmed="1")
    client.post(hold_page(held), {"reason": "y"})
    held.refresh_from_db()
    assert (held.ended_at, held.reason) == (None, "upgrade")


def test_a_worker_is_drained_and_undrained(as_alice: Client) -> None:
    worker = make_worker()
    page = reverse("admin:executions_worker_change", args=[worker.pk])
    assert "It takes no more work" in act(as_alice, WORKERS, "drain", worker).text
    act(as_alice, WORKERS, "drain", worker, _confirmed="1")
    worker.refresh_from_db()
    assert worker.drain_requested_by == "alice"
    assert "drained" in as_alice.get(WORKERS).text
    assert "asked by alice at" in as_alice.get(page).text
    make_execution(status="running", worker=worker.name)
    assert "draining" in as_alice.get(WORKERS).text
    act(as_alice, WORKERS, "undrain", worker)
    worker.refresh_from_db()
    assert worker.drain_requested_at is None


def test_draining_takes_a_permission(client: Client, bob: User) -> None:
    let_look(bob, "view_worker")
    client.force_login(bob)
    assert act(client, WORKERS, "drain", make_worker(), _confirmed="1").status_code == 403
    assert Worker.objects.get().drain_requested_at is None
