"""How early and how late a fire may be."""

from datetime import UTC, datetime

# Far enough from the ends of ``datetime`` that no offset, interval or search can run over them.
EARLIEST = datetime(1, 1, 3, tzinfo=UTC)
LATEST = datetime(9900, 1, 1, tzinfo=UTC)

LONGEST_SPAN_SECONDS = 10 * 366 * 24 * 60 * 60
"""The longest interval or delay: ten years."""

LATEST_AFTER = datetime(9889, 1, 1, tzinfo=UTC)
"""From here on, what counts from an instant may have no room left for its fire."""
