"""An image from its start to the outcome of its attempt, in a real Docker Engine."""

import gc
import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from docker.errors import APIError
from pytest_django.fixtures import Settings

from executions.authoring import UpstreamResult
from executions.outcomes import Cancelled, Failed, HandedBack, RetryAsked, Succeeded, TimedOut
from executions.upstream import upstream_document
from executions.watchdog import Stop
from tests.containers.attempts import ContainerAttempt
from tests.containers.conftest import Start
from tests.docker_engine import import_image
from tests.factories import make_execution
from tests.unit.executions.commands import NOON


def test_a_container_that_ends_well_has_succeeded_without_output(start: Start) -> None:
    assert start("exit 0").run() == Succeeded(None)


def test_without_a_command_the_images_own_one_runs(docker: Any) -> None:
    import_image(docker, "tests/own:1", changes=['CMD ["echo", "the image\'s own"]'])
    attempt = ContainerAttempt("", image="tests/own:1")

    assert attempt.run() == Succeeded(None)
    assert attempt.said() == ["the image's own"]


def test_it_reads_parameters_and_what_it_writes_is_its_output(start: Start) -> None:
    attempt = start(
        'cat "$SCHEDULER_PARAMETERS_FILE"; echo; echo "$PARAM_REGION $SCHEDULER_ATTEMPT";'
        ' echo "{\\"rows\\": 3}" > "$SCHEDULER_OUTPUT_FILE"',
        {"region": "EU", "days": [1, 2], "word": "naïve"},
    )

    assert attempt.run() == Succeeded('{"rows":3}')
    assert attempt.said() == ['{"region": "EU", "days": [1, 2], "word": "naïve"}', "EU 2"]


def test_it_reads_the_results_that_it_has_waited_for(start: Start) -> None:
    attempt = start('cat "$SCHEDULER_UPSTREAM_FILE" > "$SCHEDULER_OUTPUT_FILE"')
    loaded = UpstreamResult(attempt.claim.execution_id, "Load", "succeeded", None, [42], NOON)
    attempt.guard.claim = replace(attempt.claim, has_upstream=True)
    attempt.guard.context = replace(attempt.guard.context, _load_upstream=lambda: {"Load": loaded})

    outcome = attempt.run()

    assert isinstance(outcome, Succeeded)
    assert json.loads(outcome.output or "") == upstream_document({"Load": loaded})


def test_it_goes_on_from_a_checkpoint_and_what_it_leaves_is_kept_also_when_it_fails(
    start: Start,
) -> None:
    execution = make_execution(status="running", fence=3)
    attempt = start(
        'cat "$SCHEDULER_CHECKPOINT_FILE"; echo 9 > "$SCHEDULER_CHECKPOINT_FILE"; false'
    )
    attempt.guard.claim = replace(attempt.claim, execution_id=execution.pk, checkpoint={"page": 4})

    assert isinstance(attempt.run(), Failed)
    assert attempt.said() == ['{"page": 4}']
    execution.refresh_from_db()
    assert execution.checkpoint == 9


def test_secrets_are_hidden_from_checkpoint_and_output_which_stay_json(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOBSECRET_PIN", "123456")
    execution = make_execution(status="running", fence=3)
    attempt = start(
        'echo "[$PIN, 7]" | tee "$SCHEDULER_CHECKPOINT_FILE" > "$SCHEDULER_OUTPUT_FILE"',
        environment={"PIN": {"secret": "env:JOBSECRET_PIN"}},
    )
    attempt.guard.claim = replace(attempt.claim, execution_id=execution.pk)

    assert attempt.run() == Succeeded('["[secret]",7]')
    execution.refresh_from_db()
    assert execution.checkpoint == ["[secret]", 7]


def test_a_checkpoint_that_is_no_json_is_named_in_the_log_alone(start: Start) -> None:
    attempt = start('echo half > "$SCHEDULER_CHECKPOINT_FILE"')

    assert attempt.run() == Succeeded(None)
    (said,) = attempt.said()
    assert said.startswith(
        "The checkpoint was not kept. The file named by SCHEDULER_CHECKPOINT_FILE is not JSON:"
    )


@pytest.mark.parametrize(
    ("writing", "problem"),
    [
        ("echo no json", "is not JSON: "),
        ("head -c 1100000 /dev/zero", "has more than 1,048,576 bytes"),
    ],
)
def test_output_that_cannot_be_kept_fails_the_attempt(
    start: Start, writing: str, problem: str
) -> None:
    outcome = start(f'{writing} > "$SCHEDULER_OUTPUT_FILE"').run()

    assert isinstance(outcome, Failed)
    assert outcome.error_type == "OutputNotStorable"
    assert problem in outcome.message


def test_an_output_that_is_a_link_is_not_followed(start: Start) -> None:
    outcome = start('ln -s /etc/passwd "$SCHEDULER_OUTPUT_FILE"').run()

    assert outcome == Failed(
        "OutputNotStorable", "The file named by SCHEDULER_OUTPUT_FILE is no regular file"
    )


def test_exit_75_asks_for_another_attempt(start: Start) -> None:
    outcome = start("echo the other side is busy >&2; exit 75").run()

    assert outcome == RetryAsked("exit code 75, try again later: the other side is busy", None)


def test_another_exit_code_fails_with_the_last_lines(start: Start) -> None:
    outcome = start("echo a >&2; echo b >&2; echo said; exit 3").run()

    assert outcome == Failed("ExitCode", "exit code 3: b\n\nThe last lines:\na\nb")


def test_the_signal_that_killed_it_is_named(start: Start) -> None:
    outcome = start("sh -c 'kill -USR1 $$'; exit $?").run()

    assert isinstance(outcome, Failed)
    assert outcome.error_type == "Signal"
    assert outcome.message.startswith("killed by SIGUSR1")


def test_both_streams_are_kept_line_by_line_with_their_level(start: Start) -> None:
    attempt = start("echo one; echo two >&2; printf three; printf 'a\\000\\377\\n' >&2")
    attempt.run()

    lines = attempt.lines.take()
    assert {(line.stream, line.level, line.message) for line in lines} == {
        ("stdout", "INFO", "one"),
        ("stdout", "INFO", "three"),
        ("stderr", "ERROR", "two"),
        ("stderr", "ERROR", "a\ufffd\ufffd"),
    }


def test_a_flood_is_cut_and_the_end_still_heard(start: Start) -> None:
    attempt = start("seq 300000; echo over >&2; exit 5")

    assert attempt.run() == Failed("ExitCode", "exit code 5: over")
    assert attempt.said()[-1].startswith("The log ends here")


def test_a_container_that_closes_its_streams_is_waited_for(start: Start) -> None:
    assert start("exec >&- 2>&-; sleep 0.5; exit 4").run() == Failed("ExitCode", "exit code 4.")


@pytest.mark.parametrize(
    ("stop", "ending"),
    [(Stop.CANCEL, Cancelled()), (Stop.TIMEOUT, TimedOut(30)), (Stop.DRAIN, HandedBack())],
)
def test_a_stop_reaches_the_container(start: Start, stop: Stop, ending: object) -> None:
    attempt = start("trap 'echo heard; exit 0' TERM; echo ready; while :; do sleep 0.02; done")

    with attempt.meanwhile(lambda: attempt.guard.begin_stop(stop)):
        assert attempt.run() == ending
    assert attempt.said() == ["ready", "heard"]


def test_what_does_not_stop_is_killed_when_its_grace_is_over(
    start: Start, settings: Settings
) -> None:
    settings.SCHEDULER_STOP_GRACE_SECONDS = 1
    attempt = start("trap 'echo deaf' TERM; echo ready; while :; do sleep 0.02; done")

    with attempt.meanwhile(lambda: attempt.guard.begin_stop(Stop.CANCEL)):
        assert attempt.run() == Cancelled()
    assert attempt.said() == ["ready", "deaf"]


def test_a_stop_that_comes_before_the_start_starts_nothing(start: Start) -> None:
    attempt = start("echo ran")
    attempt.guard.begin_stop(Stop.CANCEL)

    assert attempt.run() == Cancelled()
    assert attempt.said() == []


def test_more_memory_than_its_limit_ends_it_with_a_clear_error(start: Start) -> None:
    outcome = start("tail /dev/zero", memoryMb=16).run()

    assert outcome == Failed(
        "OutOfMemory",
        "The container was killed because it needed more than its limit of 16 MiB of memory."
        " Give it more by the option memoryMb, or let it use less.",
    )


def test_a_command_that_the_image_lacks_fails_for_good(docker: Any) -> None:
    outcome = ContainerAttempt("/no/such/program").run()

    assert isinstance(outcome, Failed)
    assert (outcome.error_type, outcome.is_permanent) == ("CommandNotStarted", True)
    assert "no such file or directory" in outcome.message
    assert outcome.message.endswith("Its first word has to be a program of the image.")


def test_a_file_that_cannot_be_run_fails_for_good(docker: Any) -> None:
    outcome = ContainerAttempt("/etc").run()

    assert isinstance(outcome, Failed)
    assert (outcome.error_type, outcome.is_permanent) == ("CommandNotStarted", True)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the SDK's socket
def test_an_engine_that_is_away_is_named_and_asked_again(start: Start, settings: Settings) -> None:
    settings.SCHEDULER_DOCKER_HOST = "unix:///nowhere/docker.sock"

    outcome = start("exit 0").run()

    assert isinstance(outcome, Failed)
    assert (outcome.error_type, outcome.is_permanent) == ("DockerUnreachable", False)
    assert "The Docker Engine at unix:///nowhere/docker.sock does not answer" in outcome.message
    gc.collect()


def test_a_container_that_somebody_removes_fails_the_attempt(start: Start, docker: Any) -> None:
    attempt = start("echo ready; sleep 600")

    def remove() -> None:
        (container,) = docker.containers()
        with suppress(APIError):  # the attempt removes it too, and may be first
            docker.remove_container(container["Id"], force=True, v=True)

    with attempt.meanwhile(remove):
        outcome = attempt.run()
    assert isinstance(outcome, Failed)
    # It is killed, then removed: both may be seen.
    assert outcome.error_type in ("Signal", "ContainerLost")
