"""Jobs to look at: what the platform does when things go well, and when they do not."""

from pathlib import Path

# The one program that the demo's workers may start.
COMMAND = str(Path(__file__).resolve().with_name("import_stock.sh"))
# A queue that is paused at first; its workers are there.
QUEUE = "archive"
CALENDAR = "England"
"""The calendar of one demo schedule, made of the public holidays of England."""
