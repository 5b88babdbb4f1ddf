"""How people call the platform's commands here, for hints that can be copied."""

import os

PROGRAM = os.environ.get("SCHEDULER_PROGRAM", "manage.py")
"""``bin/manage`` where the scripts in ``bin/`` started this process, else ``manage.py``."""
