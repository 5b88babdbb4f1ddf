"""Lists of executions hold what their filters ask for: all of it, nothing else, in order."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest

from core.ids import first_uuid7
from executions.contract import EXECUTION_STATUSES
from executions.states import FINAL, ExecutionStatus
from jobs.models import Queue
from tests.factories import make_execution, make_job
from tests.integration.api.test_problems import problem_of

pytestmark = pytest.mark.django_db

START = datetime(2026, 5, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Made:
    """An execution by what filters may ask for."""

    id: str
    job: str
    category: str
    team: str
    queue: str
    status: str
    is_manual: bool
    opened_at: datetime


def make_at(job, at, *, skew=0.0, **fields):
    """Make an execution opened at this instant, by a machine whose clock is ahead by ``skew``."""
    bits = first_uuid7(at + timedelta(seconds=skew)).int | random.getrandbits(74)
    return make_execution(job, id=UUID(int=bits), opened_at=at, now=at, **fields)


@pytest.fixture
def history():
    """90 executions of five jobs, an hour between each."""
    Queue.objects.create(name="reports")
    jobs = []
    for number in range(5):
        queue = "reports" if number == 4 else "default"
        job = make_job(category=f"c{number % 2}", queue_id=queue)
        job.ownership.team_name = f"t{number % 3}"
        job.ownership.save()
        jobs.append(job)
    chance = random.Random(7)  # noqa: S311 - no secret
    made = []
    for hour in range(90):
        job, at = chance.choice(jobs), START + timedelta(hours=hour)
        status, is_manual = chance.choice(ExecutionStatus.values), chance.random() < 0.3
        execution = make_at(
            job, at, status=status, origin="manual" if is_manual else "backfill", schedule=None
        )
        made.append(
            Made(
                str(execution.pk),
                str(job.pk),
                job.category,
                job.ownership.team_name,
                job.queue_id,
                status,
                is_manual,
                at,
            )
        )
    return made[::-1]


def read_all(api, query, page_size=25):
    """Return the ids of all pages, having gone there and back."""
    pages, address = [], f"/api/executions?{query}&pageSize={page_size}"
    while address:
        answer = api.get(address)
        assert answer.status_code == 200, answer.content
        pages.append(answer.json())
        address = pages[-1]["next"]
    for earlier, later in pairwise(pages):
        assert api.get(later["previous"]).json()["results"] == earlier["results"]
    return [row["id"] for page in pages for row in page["results"]]


def shown(moment):
    return moment.isoformat().replace("+00:00", "Z")


def any_filters(made, chance):
    """Return a query string with some filters, and what it should find."""
    example = chance.choice(made)
    low = example.opened_at - timedelta(hours=chance.randrange(40))
    high = example.opened_at + timedelta(hours=chance.randrange(1, 40))
    several = chance.sample(ExecutionStatus.values, 3)
    filters = {
        f"status={example.status}": lambda e: e.status == example.status,
        "&".join(f"status={s}" for s in several): lambda e: e.status in several,
        f"job={example.job}": lambda e: e.job == example.job,
        f"category={example.category}": lambda e: e.category == example.category,
        f"teamName={example.team}": lambda e: e.team == example.team,
        f"queue={example.queue}": lambda e: e.queue == example.queue,
        f"isManual={str(example.is_manual).lower()}": lambda e: e.is_manual == example.is_manual,
        f"fromUtc={shown(low)}": lambda e: e.opened_at >= low,
        f"toUtc={shown(high)}": lambda e: e.opened_at < high,
    }
    names = chance.sample(list(filters), chance.randrange(5))
    if sum(name.startswith("status") for name in names) > 1:
        names = [name for name in names if not name.startswith("status")]
    return "&".join(names), [e.id for e in made if all(filters[n](e) for n in names)]


@pytest.mark.parametrize("seed", range(4))
def test_every_combination_finds_what_a_look_at_each_row_finds(api, history, seed):
    chance = random.Random(seed)  # noqa: S311 - no secret
    for _ in range(10):
        query, expected = any_filters(history, chance)
        assert read_all(api, query) == expected, query


def test_a_status_is_found_by_number_and_name_on_any_page(api, history):
    for number, status in EXECUTION_STATUSES.items():
        expected = [e.id for e in history if e.status == status]
        if expected:
            assert read_all(api, f"status={status.title()}", page_size=9) == expected
            assert read_all(api, f"status={number}") == expected


def test_the_range_of_time_begins_with_its_start_and_ends_before_its_end(api):
    job, hour = make_job(), timedelta(hours=1)
    for moment in (-hour, timedelta(0), hour, 2 * hour - timedelta(microseconds=1), 2 * hour):
        make_at(job, START + moment)
    found = read_all(api, f"fromUtc={shown(START)}&toUtc={shown(START + 2 * hour)}")
    assert len(found) == 3


@pytest.mark.parametrize("skew", [-290, 290])
def test_the_clock_of_the_machine_that_opened_it_may_be_minutes_off(api, skew):
    execution = make_at(make_job(), START, skew=skew)
    instant = f"fromUtc={shown(START)}&toUtc={shown(START + timedelta(seconds=1))}"
    assert read_all(api, instant) == [str(execution.pk)]
    assert read_all(api, f"fromUtc={shown(START + timedelta(seconds=1))}") == []


@pytest.mark.parametrize(
    "query", ["fromUtc=0001-01-01T00:00:00Z", "toUtc=9999-12-31T23:59:59Z", "fromUtc=2026-05-01"]
)
def test_any_instant_will_do(api, query):
    execution = make_execution()
    assert read_all(api, query) == [str(execution.pk)]


def test_filters_of_the_job_ask_for_the_job_as_it_is_now(api):
    execution = make_execution(make_job(category="old"))
    execution.job.category = "new"
    execution.job.save()
    assert read_all(api, "category=old") == []
    row = api.get("/api/executions?category=new").json()["results"][0]
    assert (row["id"], row["category"]) == (str(execution.pk), "old")


def test_the_executions_of_an_archived_job_are_still_found(api):
    job = make_job(category="gone")
    execution = make_execution(job, status="failed")
    type(job).objects.filter(pk=job.pk).update(status="archived")
    for query in ("status=failed", "category=gone", f"job={job.pk}", "isManual=true"):
        assert read_all(api, query) == [str(execution.pk)], query


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("status=unheard", "status"),
        ("status=11", "status"),
        ("status=", "status"),
        ("status=" + "9" * 5000, "status"),
        ("job=17", "job"),
        ("jobDefinitionId=x", "jobDefinitionId"),
        (f"jobDefinitionId={UUID(int=1)}&job={UUID(int=2)}", "job"),
        ("jobId=x", "jobId"),
        ("category=", "category"),
        ("category=%00", "category"),
        ("category=a&category=b", "category"),
        ("teamName=", "teamName"),
        ("team=x", "team"),
        ("queue=", "queue"),
        ("fromUtc=yesterday", "fromUtc"),
        ("fromUtc=", "fromUtc"),
        ("toUtc=17", "toUtc"),
        ("fromUtc=2026-01-02T00:00:00Z&toUtc=2026-01-02T00:00:00Z", "toUtc"),
        ("fromUtc=0001-01-01T00:00:00%2B14:00", "fromUtc"),
        ("isManual=perhaps", "isManual"),
        ("isManual=", "isManual"),
        ("isManualTrigger=true", "isManualTrigger"),
    ],
)
def test_a_bad_filter_is_refused_by_its_name(api, query, parameter):
    problem = problem_of(api.get(f"/api/executions?{query}"), 400, "validation_error")
    assert [error["parameter"] for error in problem["errors"]] == [parameter]
    assert problem["errors"][0]["detail"]


def test_one_job_may_be_named_twice(api):
    execution = make_execution(status=FINAL[0])
    job = execution.job_id
    assert read_all(api, f"job={job}&jobDefinitionId={job}") == [str(execution.pk)]
