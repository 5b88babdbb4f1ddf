"""Keep of each schedule what its rule has been, and when it was stopped."""

from django.db import migrations

# What a rule could say until now, under the names it has in a version.
RULE_FIELDS = (
    *("timezone", "cron_expression", "time_of_day", "days_of_week", "day_of_month", "one_time_at"),
    *("interval_seconds", "delay_seconds", "start_at", "end_at"),
)


def keep_versions(apps, schema_editor):
    Schedule = apps.get_model("jobs", "JobSchedule")
    Version = apps.get_model("jobs", "ScheduleVersion")
    for schedule in Schedule.objects.iterator(chunk_size=1000):
        standings = _standings(schedule)
        Version.objects.bulk_create(
            Version(
                schedule=schedule,
                number=number,
                since=since,
                standing=standing,
                spec=_spec(schedule),
                created_by="platform",
            )
            for number, (since, standing) in enumerate(standings, start=1)
        )
        schedule.version, schedule.versioned_at = len(standings), standings[-1][0]
        schedule.next_run_at = schedule.next_fire_at
        schedule.save(update_fields=["version", "versioned_at", "next_run_at"])


def _standings(schedule):
    standings = [(schedule.created_at, "firing")]
    stopped = "archived" if schedule.archived_at else "stopped"
    if schedule.stopped_at is not None:
        standings.append((max(schedule.stopped_at, schedule.created_at), stopped))
    if schedule.resumed_at is not None:
        standings.append((schedule.resumed_at, "firing"))
    return standings


def _spec(schedule):
    values = {name: getattr(schedule, name) for name in RULE_FIELDS}
    values |= {"kind": schedule.schedule_type, "hash_key": str(schedule.pk), "exclusions": []}
    values["anchor"] = schedule.anchor_at.replace(microsecond=0)
    return {
        name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in values.items()
        if value is not None
    }


class Migration(migrations.Migration):
    dependencies = [("jobs", "0005_time")]

    operations = [migrations.RunPython(keep_versions, migrations.RunPython.noop)]
