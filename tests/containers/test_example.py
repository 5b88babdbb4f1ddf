"""The job that the page about containers shows, sent to the API and run."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from executions.models import JobExecution
from executions.outcomes import Succeeded
from tests.conftest import make_token
from tests.containers.attempts import ContainerAttempt
from tests.docker_engine import import_image
from tests.platform import ROOT

PAGE = ROOT / "docs/containers.md"


def test_the_job_of_the_page_can_be_sent_and_does_what_the_page_says(
    docker: Any, alice: User, settings: Any, tmp_path: Path
) -> None:
    (text,) = re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)
    job = json.loads(text)
    import_image(docker, job["containerImage"])
    settings.SCHEDULER_ALLOWED_IMAGES = ["busybox:*"]
    settings.STATIC_ROOT = str(tmp_path)
    client = Client(headers={"Authorization": f"Bearer {make_token(alice)}"})

    created = client.post("/api/jobs", job, "application/json")
    assert created.status_code == 201, created.text
    assert created.json()["executionOptions"] == job["executionOptions"]
    address = f"/api/jobs/{created.json()['id']}/trigger"
    triggered = client.post(address, {"parameters": {"region": "EU"}}, "application/json")
    assert triggered.status_code in (201, 202), triggered.text

    execution = JobExecution.objects.select_related("version").get()
    attempt = ContainerAttempt("")
    attempt.guard.claim = replace(
        attempt.claim,
        execution_id=execution.pk,
        parameters=execution.input,
        snapshot=execution.version.snapshot,
    )
    assert attempt.run() == Succeeded("3")
    assert attempt.said() == ["counting for EU"]
