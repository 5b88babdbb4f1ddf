"""``manage.py dependencies``: the list, the tree of a job, and its two acts."""

from typing import Any

import pytest

from audit.models import JobAudit
from jobs.definitions import set_job_status
from jobs.dependencies import add_dependency
from jobs.models import JobDefinition, JobDependency, JobStatus
from tests.factories import TESTER, make_job
from tests.integration.executions.calling import read, refuse, rows, run

pytestmark = pytest.mark.django_db


def after(job: JobDefinition, upstream: JobDefinition, **fields: Any) -> JobDependency:
    return add_dependency(actor=TESTER, job=job, fields={"upstream": upstream, **fields})


@pytest.fixture
def chain() -> list[JobDefinition]:
    """Extract, then Load and Check, then Report after both, then Send."""
    extract, load, check, report, send = (
        make_job(name=name) for name in ("Extract", "Load", "Check", "Report", "Send")
    )
    after(load, extract)
    after(check, extract, condition="completion")
    after(report, load, delay_after_completion_seconds=90)
    after(report, check, fail_if_dependency_fails=False)
    after(send, report, is_active=False)
    return [extract, load, check, report, send]


def test_all_are_listed_by_name(chain: list[JobDefinition]) -> None:
    assert rows("dependencies") == [
        ["job", "waits for", "how"],
        ["Check", "Extract", "completion"],
        ["Load", "Extract", "success"],
        ["Report", "Check", "success, or regardless"],
        ["Report", "Load", "success, 1 min 30 s later"],
        ["Send", "Report", "success, stopped"],
    ]
    assert [row["jobName"] for row in read("dependencies", "--limit", "2")] == ["Check", "Load"]


def test_a_job_is_shown_with_what_is_above_and_below(chain: list[JobDefinition]) -> None:
    assert run("dependencies", "Report")[0].splitlines() == [
        "Report",
        "├── waits for",
        "│   ├── Check (success, or regardless)",
        "│   │   └── Extract (completion)",
        "│   └── Load (success, 1 min 30 s later)",
        "│       └── Extract (success)",
        "└── before",
        "    └── Send (success, stopped)",
    ]


def test_what_was_drawn_is_not_drawn_below_again(chain: list[JobDefinition]) -> None:
    assert run("dependencies", "Extract")[0].splitlines() == [
        "Extract",
        "└── before",
        "    ├── Check (completion)",
        "    │   └── Report (success, or regardless)",
        "    │       └── Send (success, stopped)",
        "    └── Load (success)",
        "        └── Report (success, 1 min 30 s later) …",
    ]


def test_a_job_alone_says_so() -> None:
    make_job(name="Alone")
    assert "waits for nothing, and nothing waits for it" in run("dependencies", "Alone")[0]
    assert read("dependencies", "Alone") == read("dependencies") == []


def test_json_has_what_the_tree_draws(chain: list[JobDefinition]) -> None:
    after(make_job(name="Apart"), make_job())
    found = read("dependencies", str(chain[1].pk))
    assert [(row["jobName"], row["upstreamJobName"]) for row in found] == [
        *(("Load", "Extract"), ("Report", "Load"), ("Send", "Report")),
    ]


def test_archived_jobs_are_left_out(chain: list[JobDefinition]) -> None:
    set_job_status(actor=TESTER, job=chain[3], status=JobStatus.ARCHIVED)
    assert [row["jobName"] for row in read("dependencies")] == ["Check", "Load"]


def test_a_job_is_let_wait_and_wait_no_longer() -> None:
    make_job(name="Load")
    make_job(name="Report")
    how = ("--condition", "completion", "--delay", "60", "--regardless")
    said = run("dependencies", "Report", "--after", "Load", *how)[0]
    assert "Load (completion, 1 min later, or regardless)" in said
    assert JobAudit.objects.get(action="DependencyAdded").actor.startswith("os:")
    run("dependencies", "Report", "--no-longer-after", "Load")
    assert not JobDependency.objects.exists()
    refusal = refuse("dependencies", "Report", "--no-longer-after", "Load")
    assert str(refusal) == "Report does not wait for Load."


def test_a_cycle_is_refused_with_its_path() -> None:
    load, report = make_job(name="Load"), make_job(name="Report")
    after(report, load)
    assert "Load -> Report -> Load" in str(refuse("dependencies", "Load", "--after", "Report"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--after", "Load"], "Name the job that is to wait, before --after."),
        (["Load", "--delay", "5"], "--condition, --delay and --regardless go with --after."),
        (["Load", "--no-longer-after", "Load", "--regardless"], "go with --after."),
        (["Laod"], "There is no job 'Laod'"),
        (["Load", "--after", "Laod"], "There is no job 'Laod'"),
        (["Load", "--after", "Load"], "Job Load cannot wait for itself."),
        (["Load", "--after", "Other", "--delay", "-1"], "delay_after_completion_seconds"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(arguments: list[str], said: str) -> None:
    make_job(name="Load")
    make_job(name="Other")
    assert said in str(refuse("dependencies", *arguments))
    assert not JobDependency.objects.exists()
