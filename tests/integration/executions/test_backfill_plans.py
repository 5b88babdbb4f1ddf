"""What beat asks of backfills each second, and a checkpoint, find their rows by index."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from core.sql import Statement
from executions.backfills.cancelling import CANCEL_BACKFILL
from executions.backfills.range import RUNS_OF_SLOTS
from executions.backfills.releasing import FIND_NEXT, LOCK_BACKFILLS, RELEASE
from executions.checkpoints import KEEP_CHECKPOINT
from executions.ledger.rows import BACKFILLED
from tests.integration.executions.backfills import BEGIN, hour
from tests.integration.executions.test_hot_statements import (
    LARGE,
    Link,
    explain,
    link,  # noqa: F401 - a fixture
    nodes,
)

pytestmark = pytest.mark.django_db

ONE = UUID(int=0)
SLOTS = {"first": BEGIN, "last": hour(4)}
CASES: list[tuple[Statement, dict[str, Any], set[str]]] = [
    (LOCK_BACKFILLS, {}, {"execution_waiting_of_backfill"}),
    (FIND_NEXT, {"backfills": [ONE]}, {"execution_waiting_of_backfill", "execution_of_backfill"}),
    (RELEASE, {"ids": [ONE], "ran": [], "now": None}, {"executions_jobexecution_pkey"}),
    (
        RUNS_OF_SLOTS,
        {"schedule": ONE, "besides": None, **SLOTS},
        {"one_execution_per_slot", "execution_rerun_of"},
    ),
    (CANCEL_BACKFILL, {"backfill": ONE, "stops_running": True, "actor": "tester"}, set()),
    (BACKFILLED, {"schedules": [ONE], "after": BEGIN, "until": hour(4)}, set()),
    (
        KEEP_CHECKPOINT,
        {"id": ONE, "fence": 1, "checkpoint": "{}", "now": datetime.now(BEGIN.tzinfo)},
        {"executions_jobexecution_pkey"},
    ),
]


@pytest.mark.parametrize(
    ("statement", "parameters", "indexes"), CASES, ids=[case[0].name for case in CASES]
)
def test_a_statement_of_backfills_reads_no_large_table_whole(
    link: Link,  # noqa: F811
    statement: Statement,
    parameters: dict[str, Any],
    indexes: set[str],
) -> None:
    found = list(nodes(explain(link, statement, parameters)))

    scanned = {node["Relation Name"] for node in found if node["Node Type"] == "Seq Scan"}
    assert not scanned & set(LARGE), found
    used = {node["Index Name"] for node in found if "Index Name" in node}
    assert indexes <= used, used
