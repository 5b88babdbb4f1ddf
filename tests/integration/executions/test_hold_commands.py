"""``manage.py pause``, ``resume`` and ``holds`` for jobs, queues, teams and everything."""

import pytest

from audit.command import command_actor
from jobs.models import Hold
from jobs.ownership import change_ownership
from tests.factories import TESTER, make_execution, make_job
from tests.integration.executions.calling import read, refuse, rows, run

pytestmark = pytest.mark.django_db

REASON = ("--reason", "the warehouse moves")


@pytest.fixture(autouse=True)
def _job() -> None:
    change_ownership(actor=TESTER, job=make_job(name="Load"), fields={"team_name": "Sales"})


@pytest.mark.parametrize(
    ("named", "target"),
    [
        (("--job", "Load"), "job Load"),
        (("--queue", "default"), "queue default"),
        (("--team", "Sales"), "team Sales"),
        (("--everything",), "everything"),
    ],
)
def test_each_of_them_is_paused_listed_and_resumed(named: tuple[str, ...], target: str) -> None:
    execution = make_execution(status="queued")
    out, _ = run("pause", *named, *REASON, "--until", "2130-01-07T06:00Z")
    assert out == (
        f"Held back until 2130-01-07 06:00:00 UTC: {target}. What runs goes on; the rest waits.\n"
    )
    execution.refresh_from_db()
    assert (execution.status == "scheduled") == (named[0] in ("--queue", "--everything"))
    (_, row) = rows("holds")
    assert (row[0], row[2]) == (target, command_actor().name)
    assert row[3:5] == ["2130-01-07 06:00:00 UTC", "the warehouse moves"]

    assert run("resume", *named)[0] == f"No longer held back: {target}.\n"

    out, err = run("holds")
    assert err == "Nothing is held back.\n"
    (ended,) = read("holds", "--ended")
    assert (ended["target"], ended["endedBy"]) == (target, command_actor().name)


def test_json_is_what_the_api_shows() -> None:
    held = read("pause", "--job", "Load", *REASON)
    assert (held["scope"], held["reason"], held["untilUtc"]) == ("job", REASON[1], None)
    assert read("holds") == [held]
    assert read("resume", "--job", "Load")["endedAtUtc"]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("pause", *REASON), "Say what to pause: schedules by their ids, or one of --job"),
        (("pause", "x", "--everything", *REASON), "Say what to pause"),
        (("pause", "--job", "Lode", *REASON), "Did you mean 'Load'?"),
        (("pause", "--job", "", *REASON), "There is no job ''"),
        (("pause", "--queue", "x", *REASON), "There are: default."),
        (("pause", "--team", "Sails", *REASON), "No job is of team 'Sails'"),
        (("pause", "--everything", "--reason", " "), "reason: Say why it is held back."),
        (("pause", "--everything", *REASON, "--until", "2020-01-01"), "is over"),
        (("resume",), "Say what to resume"),
        (("resume", "--everything"), "Nobody holds everything back."),
        (("resume", "--job", "Load"), "Nobody holds job Load back. `manage.py holds` lists"),
    ],
)
def test_what_is_not_understood_is_said_in_one_line(command: tuple[str, ...], words: str) -> None:
    assert words in str(refuse(*command))
    assert not Hold.objects.exists()


def test_a_second_pause_is_told_whose_the_first_is() -> None:
    run("pause", "--everything", *REASON)
    said = str(refuse("pause", "--everything", "--reason", "too"))
    assert said.startswith(f"Everything is held already, by {command_actor().name} since ")
