"""The platform's own upkeep, as ordinary jobs: seen, scheduled, retried and changed like any."""
