"""What the platform's commands share: who acts, and one clear line when something is refused."""

import os
import pwd
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError, ProgrammingError
from rich.console import Console

from audit.trail import Actor
from core.errors import Refused
from core.terminal import make_console


def command_actor() -> Actor:
    """Return the operating system's user, by number where it has no name.

    Not by an environment variable: those say whatever the caller likes.
    """
    uid = os.getuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = str(uid)
    return Actor(name=f"os:{name} via manage.py", id=f"os:{uid}")


class PlatformCommand(BaseCommand):
    """A command whose failures are one line that names what to do.

    ``out`` is for what the command is asked for, ``aside`` (standard error) for what happens
    meanwhile, so that a pipe gets the answer alone.
    """

    requires_system_checks = []
    out: Console
    aside: Console

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run, and translate what may go wrong."""
        try:
            return super().execute(*args, **options)
        except Refused as refusal:
            raise CommandError(str(refusal)) from None
        except (OperationalError, InterfaceError) as error:
            raise CommandError(
                f"The database cannot be reached ({_first_line(error)})."
                " Start the platform with `manage.py up`, or check DATABASE_URL."
            ) from None
        except ProgrammingError as error:
            raise CommandError(
                f"The database lacks something ({_first_line(error)}). Run `manage.py migrate`."
            ) from None
        except KeyboardInterrupt:
            raise SystemExit(130) from None

    def handle(self, *args: Any, **options: Any) -> None:
        """Open the two consoles, then do what the command is for."""
        self.out = make_console(self.stdout, no_color=options["no_color"])
        # Django would paint all of standard error red.
        self.stderr.style_func = None
        self.aside = make_console(self.stderr, no_color=options["no_color"])
        self.run(options)

    def run(self, options: dict[str, Any]) -> None:
        """Do what the command is for."""
        raise NotImplementedError


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
