"""``manage.py doctor``: is this installation well?"""

from typing import Any

from django.core.management.base import CommandError
from rich.text import Text

from audit.command import PlatformCommand
from scheduler_project.doctor.examination import examine
from scheduler_project.doctor.finding import Finding, Level

_SIGNS = {
    Level.OK: ("\N{CHECK MARK} ok  ", "green"),
    Level.WARN: ("! warn", "yellow"),
    Level.FAIL: ("\N{BALLOT X} fail", "bold red"),
}


class Command(PlatformCommand):
    """One line per check: sign, word, what was found, what to do."""

    help = "Check servers, workers and schedules; exit code 1 if anything fails."
    examples = ("doctor", "doctor --json")
    has_json = True

    def run(self, options: dict[str, Any]) -> None:
        """Print findings as they come, or as one list in the end."""
        findings = []
        for finding in examine():
            findings.append(finding)
            if not options["json"]:
                self.out.print(_shown(finding))
        if options["json"]:
            self.print_json([_as_json(finding) for finding in findings])
        failed = sum(finding.level is Level.FAIL for finding in findings)
        if failed:
            raise CommandError("1 check failed." if failed == 1 else f"{failed} checks failed.")


def _shown(finding: Finding) -> Text:
    sign, style = _SIGNS[finding.level]
    line = Text().append(sign, style=style).append(f"  {finding.about}: {finding.said}")
    return line.append(f"  → {finding.hint}", style="bold") if finding.hint else line


def _as_json(finding: Finding) -> dict[str, str]:
    level = finding.level.value
    return {"about": finding.about, "level": level, "said": finding.said, "hint": finding.hint}
