"""A run on the page of one of its executions: the table, and the two buttons for the whole."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import JobAudit
from executions.models import JobExecution
from executions.services import trigger
from tests.factories import TESTER, make_execution
from tests.graphs import begin, end, make_graph, nodes, states
from tests.integration.executions.admin_pages import EXECUTIONS, act, let_look, page_of

pytestmark = pytest.mark.django_db

DIAMOND = (("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"))


@pytest.fixture
def root() -> JobExecution:
    """The first execution of a run a -> (b, c) -> d."""
    return trigger(actor=TESTER, job=make_graph(*DIAMOND)["a"])


def fail_b(root: JobExecution) -> None:
    end(root)
    end(nodes(root)["c"])
    end(nodes(root)["b"], "failed")


def run_part(client: Client, execution: JobExecution) -> str:
    page = client.get(page_of(execution)).text
    return page.partition('aria-labelledby="section-run"')[2].partition("</section>")[0]


def button(name: str, *, is_hidden: bool) -> str:
    return f'<li id="button-{name}" class="page-action"{" hidden" if is_hidden else ""}>'


def test_the_executions_of_a_run_stand_with_their_states_and_lead_to_each_other(
    as_alice: Client, root: JobExecution
) -> None:
    fail_b(root)

    part = run_part(as_alice, nodes(root)["d"])

    for row in nodes(root).values():
        assert f'href="{page_of(row)}"' in part
    assert "Run <span" in part
    assert part.count("failed</span>") == 2  # the run, and b
    assert f"✗ {nodes(root)['b'].job.name}" in part
    assert f"✓ {nodes(root)['c'].job.name}" in part
    assert part.count("(this one)") == 1
    assert f"Job {nodes(root)['b'].job.name} failed." in part


def test_an_execution_alone_has_no_run_to_show(as_alice: Client) -> None:
    page = as_alice.get(page_of(make_execution(status="failed"))).text
    assert "section-run" not in page
    assert button("cancel-run", is_hidden=True) in page
    assert button("rerun-below", is_hidden=True) in page


def test_the_live_part_brings_the_run_with_it(as_alice: Client, root: JobExecution) -> None:
    url = reverse("admin:executions_jobexecution_live", args=[root.pk])
    assert "section-run" in as_alice.get(url).text


def test_a_long_run_takes_as_many_queries_as_a_short_one(as_alice: Client) -> None:
    counts = []
    for edges in ([("a", "b")], [("a", f"n{n}") for n in range(20)]):
        root = trigger(actor=TESTER, job=make_graph(*edges)["a"])
        as_alice.get(page_of(root))
        with CaptureQueriesContext(connection) as queries:
            as_alice.get(page_of(root))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_run_that_goes_on_can_be_cancelled_from_any_of_its_executions(
    as_alice: Client, root: JobExecution
) -> None:
    end(root)
    begin(nodes(root)["b"])
    assert button("cancel-run", is_hidden=False) in as_alice.get(page_of(root)).text
    asked = act(as_alice, EXECUTIONS, "cancel_run", root, _from_page="1").text
    assert "Cancel the whole run?" in asked
    assert states(root)["c"] == "scheduled"

    more = {"_confirmed": "1", "reason": "wrong day"}
    page = act(as_alice, EXECUTIONS, "cancel_run", root, nodes(root)["b"], **more).text

    assert "Its whole run was stopped" in page
    assert states(root) == {"a": "succeeded", "b": "running", "c": "cancelled", "d": "cancelled"}
    entry = JobAudit.objects.get(action="RunCancelled")
    assert (entry.actor, entry.reason) == ("alice", "wrong day")


def test_cancelling_a_run_that_is_over_says_so(as_alice: Client, root: JobExecution) -> None:
    fail_b(root)
    assert button("cancel-run", is_hidden=True) in as_alice.get(page_of(root)).text
    page = act(as_alice, EXECUTIONS, "cancel_run", root, _confirmed="1").text
    assert "nothing of it can be cancelled" in page


def test_what_is_over_runs_again_with_everything_below(
    as_alice: Client, root: JobExecution
) -> None:
    fail_b(root)
    failed = nodes(root)["b"]
    assert button("rerun-below", is_hidden=False) in as_alice.get(page_of(failed)).text

    act(as_alice, EXECUTIONS, "rerun_below", failed, _confirmed="1")

    assert states(root) == {"a": "succeeded", "b": "scheduled", "c": "succeeded", "d": "waiting"}
    assert "(run again since)" in run_part(as_alice, root)


def test_both_take_the_rights_of_their_simple_kin(
    client: Client, bob: User, root: JobExecution
) -> None:
    fail_b(root)
    let_look(bob, "view_jobexecution")
    client.force_login(bob)

    page = client.get(page_of(root)).text
    act(client, EXECUTIONS, "rerun_below", nodes(root)["b"], _confirmed="1")
    act(client, EXECUTIONS, "cancel_run", root, _confirmed="1")

    assert "button-rerun-below" not in page
    assert "button-cancel-run" not in page
    assert JobExecution.objects.count() == 4
