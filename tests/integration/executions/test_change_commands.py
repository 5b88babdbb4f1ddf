"""``manage.py enable``, ``disable``, ``queues --pause`` and ``queues --resume``."""

import json
from contextlib import nullcontext
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from audit.models import JobAudit
from executions.models import JobExecution
from jobs.definitions import set_job_status
from jobs.models import JobDefinition, JobStatus, Queue
from jobs.ownership import change_ownership
from jobs.scheduling import archive_schedule, change_schedule
from tests.factories import TESTER, make_execution, make_job, make_schedule, pause_queue
from tests.integration.executions.calling import read, refuse, run

pytestmark = pytest.mark.django_db


class Terminal(StringIO):
    """Somebody who can be asked, and answers."""

    def isatty(self) -> bool:
        return True


def make_job_of(team: str, status: str = "active", **fields: Any) -> JobDefinition:
    job = make_job(**fields)
    change_ownership(actor=TESTER, job=job, fields={"team_name": team})
    return set_job_status(actor=TESTER, job=job, status=JobStatus(status))


def statuses() -> dict[str, str]:
    return dict(JobDefinition.objects.values_list("name", "status"))


# --- Jobs by name


def test_disable_takes_names_and_ids_and_keeps_the_reason() -> None:
    make_job(name="Alpha")
    beta = make_job(name="Beta")
    make_job(name="Gamma")

    out, _ = run("disable", "Alpha", str(beta.pk), "--reason", "stock-taking")

    assert out.splitlines() == ["Alpha is disabled.", "Beta is disabled."]
    assert statuses() == {"Alpha": "disabled", "Beta": "disabled", "Gamma": "active"}
    beta.refresh_from_db()
    assert beta.disabled_reason == "stock-taking"
    entry = JobAudit.objects.get(action="JobDisabled", object_id=str(beta.pk))
    assert (entry.reason, entry.actor.endswith(" via manage.py")) == ("stock-taking", True)


def test_enable_as_json_tells_what_was_done() -> None:
    job = make_job_of("Finance", "disabled", name="Alpha")

    document = read("enable", "Alpha")

    assert document == {
        "done": [{"id": str(job.pk), "name": "Alpha", "status": "active"}],
        "refused": [],
    }
    assert JobAudit.objects.filter(action="JobEnabled").count() == 1


def test_a_name_that_is_mistyped_changes_nothing_at_all() -> None:
    make_job(name="Alpha")
    assert "Did you mean 'Alpha'?" in str(refuse("disable", "Alpha", "Alhpa"))
    assert statuses() == {"Alpha": "active"}


def test_a_refusal_stops_no_other_and_fails_in_the_end() -> None:
    archived = make_job_of("Finance", "archived", name="Old")
    make_job_of("Finance", "disabled", name="Alpha")
    out, err = StringIO(), StringIO()

    with pytest.raises(CommandError, match=r"1 of 2 refused") as refusal:
        call_command("enable", str(archived.pk), "Alpha", "--json", stdout=out, stderr=err)

    assert refusal.value.returncode == 1
    document = json.loads(out.getvalue())
    assert [job["name"] for job in document["done"]] == ["Alpha"]
    ((refused),) = document["refused"]
    assert (refused["name"], refused["code"]) == ("Old", "job_archived")
    assert refused["detail"] in err.getvalue()


@pytest.mark.parametrize("command", ["enable", "disable"])
@pytest.mark.parametrize(
    "options", [[], ["Alpha", "--team", "Finance"], ["Alpha", "--schedule", str(uuid4())]]
)
def test_it_wants_exactly_one_kind_of_choice(command: str, options: list[str]) -> None:
    make_job_of("Finance", name="Alpha")
    assert str(refuse(command, *options)).startswith(f"Say what to {command}: jobs by name")


# --- Jobs of a team or category


@pytest.fixture
def _jobs_of_finance() -> None:
    make_job_of("Finance", name="Alpha", category="Reports")
    make_job_of("Finance", name="Beta")
    make_job_of("Finance", "disabled", name="Off")
    make_job_of("Finance", "draft", name="Draft")
    make_job_of("Sales", name="Sales")


@pytest.mark.usefixtures("_jobs_of_finance")
def test_a_team_is_disabled_with_yes_and_others_are_left_alone() -> None:
    document = read("disable", "--team", "Finance", "--yes")

    assert [job["name"] for job in document["done"]] == ["Alpha", "Beta"]
    assert statuses() == {
        **{"Alpha": "disabled", "Beta": "disabled", "Off": "disabled"},
        **{"Draft": "draft", "Sales": "active"},
    }


@pytest.mark.usefixtures("_jobs_of_finance")
def test_a_draft_is_enabled_only_by_its_name() -> None:
    assert [job["name"] for job in read("enable", "--team", "Finance", "--yes")["done"]] == ["Off"]
    run("enable", "Draft")
    assert statuses()["Draft"] == "active"


@pytest.mark.usefixtures("_jobs_of_finance")
def test_team_and_category_narrow_each_other() -> None:
    run("disable", "--team", "Finance", "--category", "Reports", "--yes")
    assert {name for name, status in statuses().items() if status == "disabled"} == {"Off", "Alpha"}


@pytest.mark.usefixtures("_jobs_of_finance")
def test_where_nobody_can_be_asked_the_count_is_shown_and_nothing_done() -> None:
    refusal = str(refuse("disable", "--team", "Finance"))
    assert refusal.startswith("Disable 2 jobs (Alpha, Beta)?")
    assert "add --yes" in refusal
    assert statuses()["Alpha"] == "active"


@pytest.mark.usefixtures("_jobs_of_finance")
@pytest.mark.parametrize(
    ("answer", "is_done"), [("y\n", True), ("YES\n", True), ("n\n", False), ("\n", False)]
)
def test_who_is_asked_decides(monkeypatch: pytest.MonkeyPatch, answer: str, is_done: bool) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    out, err = StringIO(), StringIO()
    with nullcontext() if is_done else pytest.raises(CommandError, match="Nothing was changed"):
        call_command("disable", "--team", "Finance", stdout=out, stderr=err)
    assert "Disable 2 jobs (Alpha, Beta)? [y/N] " in err.getvalue()
    assert (statuses()["Alpha"] == "disabled") is is_done
    assert ("Alpha is disabled." in out.getvalue()) is is_done


@pytest.mark.usefixtures("_jobs_of_finance")
def test_nothing_to_do_is_no_failure_and_a_mistyped_team_is() -> None:
    assert "Nothing to enable: none of them is disabled." in run("enable", "--team", "Sales")[1]
    assert "There are: Finance, Sales." in str(refuse("enable", "--team", "Finnance"))


# --- Schedules


def test_a_schedule_is_disabled_and_enabled_by_its_id() -> None:
    schedule = make_schedule(make_job(name="Alpha"))

    out, _ = run("disable", "--schedule", str(schedule.pk))
    schedule.refresh_from_db()
    assert (schedule.is_active, schedule.next_fire_at) == (False, None)
    assert out == f"Schedule {schedule.pk} of Alpha is disabled.\n"

    document = read("enable", "--schedule", str(schedule.pk))
    schedule.refresh_from_db()
    assert schedule.is_active
    assert document["done"] == [{"id": str(schedule.pk), "jobName": "Alpha", "isActive": True}]
    assert statuses() == {"Alpha": "active"}


def test_an_archived_schedule_is_refused_and_an_unknown_one_too() -> None:
    schedule, other = make_schedule(), make_schedule()
    change_schedule(actor=TESTER, schedule=other, fields={"is_active": False})
    archive_schedule(actor=TESTER, schedule=schedule)

    refusal = refuse("enable", "--schedule", str(schedule.pk), "--schedule", str(other.pk))
    assert str(refusal) == "1 of 2 refused."
    other.refresh_from_db()
    assert other.is_active
    assert "`manage.py schedules` lists them" in str(refuse("enable", "--schedule", "nightly"))


def test_a_reason_that_would_be_lost_is_refused() -> None:
    schedule = make_schedule()
    refusal = str(refuse("disable", "--schedule", str(schedule.pk), "--reason", "x"))
    assert "a schedule keeps none" in refusal


# --- Queues


def test_queues_pause_takes_back_what_waits_and_shows_the_queue() -> None:
    execution = make_execution(make_job(), status="queued")

    (load,) = read("queues", "--pause", "default", "--reason", "maintenance")

    assert (load["name"], load["isPaused"], load["ready"], load["queued"]) == (
        *("default", True, 1, 0),
    )
    execution.refresh_from_db()
    assert execution.status == "scheduled"
    entry = JobAudit.objects.get(action="HoldOpened")
    assert (entry.reason, entry.object_id) == ("maintenance", "default")


def test_queues_resume_opens_it_again() -> None:
    pause_queue("default")

    head, line = run("queues", "--resume", "default")[0].splitlines()

    assert head.split()[:2] == ["name", "state"]
    assert line.split()[:3] == ["default", "not", "served"]
    assert not Queue.objects.get(name="default").is_paused
    assert JobExecution.objects.count() == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--pause"], "expected one argument"),
        (["--pause", "reports"], "There is no queue 'reports'. There are: default."),
        (["--pause", ""], "There is no queue ''."),
        (["--pause", "default", "--resume", "default"], "not allowed with argument --pause"),
        (["--reason", "x"], "--reason goes with --pause or --resume."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_queues_says_what_to_write(arguments: list[str], says: str) -> None:
    assert says in str(refuse("queues", *arguments))
