"""Running an image in a container of the Docker Engine, fenced in as far as its job lets it be.

``docs/containers.md`` says what it is told, how it answers, and what keeps it from the rest.
"""

from django.conf import settings

from core.secret_references import SecretMissing
from executions.handlers.container.clearing import NameTaken
from executions.handlers.container.contained import Contained, NotStarted, Stopped
from executions.handlers.container.endings import outcome_of_refused_start, outcome_of_state
from executions.handlers.container.engine import EngineAway, EngineRefused
from executions.handlers.container.exchange import get_output
from executions.handlers.container.images import ImageAway, ImageRefused, refuse_unless_allowed
from executions.handlers.container.keeping import keep_what_it_left
from executions.handlers.container.permitting import OptionRefused, refuse_unless_permitted
from executions.handlers.container.specification import memory_of, options_of
from executions.outcomes import Failed, Outcome
from executions.watchdog import Guard


def run_in_container(guard: Guard) -> Outcome:
    """Run the job's image, if this worker may, and turn its end into an outcome."""
    # From here on a stop is told to the container; raised in between, it could lose one.
    guard.is_armed = False
    contained = Contained(guard)
    try:
        refuse_unless_allowed(
            guard.claim.snapshot["container_image"], settings.SCHEDULER_ALLOWED_IMAGES
        )
        refuse_unless_permitted(options_of(guard.claim))
        guard.hand_over(contained)
        return _outcome_of(contained, guard)
    except ImageRefused as refusal:
        return Failed("ImageRefused", contained.mask.hide(str(refusal)), is_permanent=True)
    except (OptionRefused, SecretMissing) as problem:
        return Failed(type(problem).__name__, str(problem), is_permanent=True)
    except NotStarted as problem:
        return outcome_of_refused_start(str(problem))
    except Stopped:
        return Failed("Stopped", "It was asked to stop before its container was started.")
    except (ImageAway, NameTaken, EngineAway) as problem:
        return Failed(_NAMES[type(problem)], contained.mask.hide(str(problem)))
    except EngineRefused as problem:
        return Failed(
            "ContainerRefused",
            f"The Docker Engine refused the container: {contained.mask.hide(str(problem))}",
            is_permanent=problem.status == 400,
        )


_NAMES: dict[type[Exception], str] = {
    ImageAway: "ImagePullFailed",
    NameTaken: "EarlierContainerLeft",
    EngineAway: "DockerUnreachable",
}


def _outcome_of(contained: Contained, guard: Guard) -> Outcome:
    try:
        state = contained.run()
        keep_what_it_left(contained.id, guard, contained.mask)

        def read_output() -> str | None:
            text = get_output(contained.id)
            return None if text is None else contained.mask.hide_in_json(text)

        return outcome_of_state(
            state,
            memory=memory_of(guard.claim),
            tail=contained.streams.tail,
            read_output=read_output,
        )
    finally:
        contained.close()
