"""Outputs of what an execution waited for become parameters of it when it is released."""

from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from core.text import MAX_JSON_BYTES
from executions.mapping import map_outputs
from executions.models import ExecutionTransition, JobExecution
from tests.factories import make_execution, make_job
from tests.integration.executions.run_edges import make_edge

pytestmark = pytest.mark.django_db


def loaded(output: Any, **fields: Any) -> JobExecution:
    return make_execution(
        make_job(name="Load orders"), **{"status": "succeeded", "output": output, **fields}
    )


def released_after(upstream: JobExecution, mapping: dict[str, str], **fields: Any) -> JobExecution:
    """Return an execution that this transaction has just released, as `successors` does."""
    job = make_job(**fields.pop("job", {}))
    execution = make_execution(job, status="scheduled", origin="dependency", **fields)
    make_edge(execution, upstream, output_mapping=mapping)
    ExecutionTransition.objects.create(
        execution=execution, from_status="waiting", to_status="scheduled", attempt=0, fence=0
    )
    return execution


def moves(execution: JobExecution) -> list[tuple[str | None, str, str | None]]:
    return list(execution.transitions.values_list("from_status", "to_status", "reason"))


def test_outputs_are_added_to_the_parameters_that_it_has() -> None:
    upstream = loaded({"rows": 42, "region": {"name": "EU"}, "files": ["a", "b"]})
    mapping = {"count": "rows", "region": "region.name", "last": "files.1", "all": "$"}
    execution = released_after(upstream, mapping, input={"region": "US", "kept": True})

    assert map_outputs([execution.pk]) == []

    execution.refresh_from_db()
    assert execution.input == {
        "kept": True,
        "count": 42,
        "region": "EU",
        "last": "b",
        "all": upstream.output,
    }
    assert moves(execution) == [("waiting", "scheduled", None)]


def test_a_key_over_the_parameters_is_worked_out_anew() -> None:
    upstream = loaded({"customer": 7})
    job = {"concurrency_key": "customer:{customer_id}"}
    execution = released_after(
        upstream, {"customer_id": "customer"}, job=job, concurrency_key="customer:-"
    )

    map_outputs([execution.pk])

    execution.refresh_from_db()
    assert execution.concurrency_key == "customer:7"


@pytest.mark.parametrize(
    ("upstream", "message"),
    [
        (
            {"output": {"row": 1}},
            "Parameter 'count' is to be 'rows' of the output of job Load orders."
            " There is no 'rows' in the output: it has 'row'.",
        ),
        (
            {"output": None},
            "Parameter 'count' is to be 'rows' of the output of job Load orders, which has none:"
            " its execution succeeded without returning anything.",
        ),
        (
            {"output": None, "status": "timed_out"},
            "Parameter 'count' is to be 'rows' of the output of job Load orders, which has none:"
            " its execution is timed out.",
        ),
    ],
    ids=["no such path", "no output", "timed out"],
)
def test_one_whose_output_is_not_there_fails_and_says_which(
    upstream: dict[str, Any], message: str
) -> None:
    execution = released_after(loaded(**upstream), {"count": "rows"})

    assert map_outputs([execution.pk]) == [execution.pk]

    execution.refresh_from_db()
    assert (execution.status, execution.reason) == ("failed", "mapping")
    assert execution.error_type == "OutputNotMapped"
    assert execution.error_message == message
    assert execution.completed_at is not None
    assert execution.input == {}
    assert moves(execution) == [("waiting", "failed", "mapping")]


def test_one_that_retention_has_deleted_has_no_output() -> None:
    upstream = loaded({"rows": 1})
    execution = released_after(upstream, {"count": "rows"})
    upstream.delete()

    assert map_outputs([execution.pk]) == [execution.pk]

    execution.refresh_from_db()
    assert execution.error_message is not None
    assert execution.error_message.endswith(
        "of job Load orders, which has none: its execution is gone."
    )


def test_more_than_parameters_can_hold_fails_it() -> None:
    upstream = loaded({"text": "x" * (MAX_JSON_BYTES // 2 + 100)})
    execution = released_after(upstream, {"once": "text", "twice": "text"})

    assert map_outputs([execution.pk]) == [execution.pk]

    execution.refresh_from_db()
    assert execution.error_message is not None
    assert execution.error_message.startswith("With the outputs of Load orders, it is too large")


def test_one_that_fails_does_not_stop_the_others() -> None:
    upstream = loaded({"rows": 42})
    bad = released_after(upstream, {"count": "lines"})
    good = [released_after(upstream, {"count": "rows"}) for _ in range(3)]

    assert map_outputs([bad.pk, *(one.pk for one in good)]) == [bad.pk]

    found = JobExecution.objects.filter(pk__in=[one.pk for one in good])
    assert {one.input["count"] for one in found} == {42}


def test_many_that_wait_for_one_cost_as_many_statements_as_a_single_one(
    django_assert_num_queries: Any,
) -> None:
    upstream = loaded({"rows": 42})
    many = [released_after(upstream, {"count": "rows"}) for _ in range(20)]

    with django_assert_num_queries(4, connection=connection):
        assert map_outputs([one.pk for one in many]) == []


def test_nothing_to_map_costs_nothing_more(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert map_outputs([]) == []


def test_the_output_of_an_upstream_without_a_mapping_is_left_alone() -> None:
    execution = released_after(loaded({"rows": 42}), {})

    assert map_outputs([execution.pk, UUID(int=1)]) == []

    execution.refresh_from_db()
    assert execution.input == {}
