"""What every long-running process does before it does anything else."""

from django.core.checks import Error, run_checks


def refuse_bad_settings() -> None:
    """End the process with one line per problem if Django's system checks find an error.

    Only ``manage.py`` runs the checks by itself; a web server, a worker and beat do not.
    """
    errors = [check for check in run_checks() if check.level >= Error("").level]
    if errors:
        raise SystemExit(
            "\n".join(f"{error.id}: {error.msg} {error.hint or ''}" for error in errors)
        )
