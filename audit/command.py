"""What the platform's commands share: who acts, how they answer, and how they are refused."""

import json
import os
import pwd
import sys
from argparse import RawDescriptionHelpFormatter
from collections.abc import Callable
from io import StringIO
from typing import Any

from django.core.management.base import (
    BaseCommand,
    CommandError,
    CommandParser,
    DjangoHelpFormatter,
)
from django.db import InterfaceError, OperationalError, ProgrammingError
from rich.console import Console, RenderableType

from audit.trail import Actor
from core.errors import Refused
from core.program import PROGRAM
from core.terminal import as_json_text, make_console, visible


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


class _HelpFormatter(DjangoHelpFormatter, RawDescriptionHelpFormatter):
    """Leaves the lines of the examples as they are."""


class PlatformCommand(BaseCommand):
    """A command whose failures are one line that names what to do.

    ``out`` is for what the command is asked for, ``aside`` (standard error) for what happens
    meanwhile, so that a pipe gets the answer alone. Exit codes: 0 done, 1 refused or failed, 2 not
    understood.
    """

    requires_system_checks = []
    examples: tuple[str, ...] = ()
    """What ``--help`` shows below the options, without ``manage.py``."""
    has_json = False
    """Whether ``--json`` is one of the options; :meth:`answer` obeys it."""
    out: Console
    aside: Console

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Add the examples, and ``--json`` for those that answer so."""
        lines = [f"  {PROGRAM} {example}" for example in self.examples]
        kwargs["formatter_class"] = _HelpFormatter
        kwargs["epilog"] = "\n".join(["for example:", *lines]) if lines else None
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        if self.has_json:
            parser.add_argument("--json", action="store_true", help="print one JSON document")
        return parser

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run, and translate what may go wrong."""
        if sys.stderr is None:
            # Whoever closes it wants to hear nothing.
            options["stderr"] = options.get("stderr") or StringIO()
        try:
            _refuse_what_ends_badly(options)
            return super().execute(*args, **options)
        except Refused as refusal:
            raise CommandError(visible(str(refusal))) from None
        except CommandError as error:
            error.args = (visible(str(error)),)
            raise
        except (OperationalError, InterfaceError) as error:
            raise CommandError(
                f"The database cannot be reached ({_first_line(error)})."
                f" Start the platform with `{PROGRAM} up`, or check DATABASE_URL."
            ) from None
        except ProgrammingError as error:
            raise CommandError(
                f"The database lacks something ({_first_line(error)}). Run `{PROGRAM} migrate`."
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

    def answer(
        self,
        options: dict[str, Any],
        *,
        document: Callable[[], Any],
        shown: Callable[[], RenderableType],
    ) -> None:
        """Print the answer once: ``document`` as JSON with ``--json``, else what is ``shown``."""
        if options["json"]:
            self.print_json(document())
        else:
            self.out.print(shown())

    def print_json(self, document: Any) -> None:
        """Print one JSON document."""
        self.out.print(as_json_text(json.dumps(document, indent=2, ensure_ascii=False)))

    def confirm(self, question: str, *, is_sure: bool) -> None:
        """Go on only if the user says yes; where nobody can be asked, only with ``--yes``."""
        if is_sure:
            return
        if sys.stdin is None or not sys.stdin.isatty():
            raise CommandError(f"{question} Nobody can be asked here: add --yes to do it.")
        self.aside.print(f"{question} [y/N] ", end="")
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            raise CommandError("Nothing was changed.")


def _refuse_what_ends_badly(options: dict[str, Any]) -> None:
    """Refuse, before anything is done, what would end in the middle."""
    if sys.stdout is None and not options.get("stdout"):
        raise CommandError(
            "Standard output is closed, so there is nowhere to answer; nothing was done."
            " Redirect it instead, such as to /dev/null."
        )
    for given in options.values():
        for text in given if isinstance(given, list) else [given]:
            if isinstance(text, str) and not _is_unicode(text):
                raise CommandError(f"{text!r} is no UTF-8 text; nothing was done.")


def _is_unicode(text: str) -> bool:
    """Tell whether it was UTF-8; Python makes lone surrogates of other bytes of an argument."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
