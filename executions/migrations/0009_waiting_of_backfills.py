from django.db import migrations, models

REASONS = [
    ("overlap", "the schedule already has one execution under way and one waiting"),
    ("misfire", "its time had passed by more than the misfire grace when it was found"),
    ("catchup", "more slots were missed than the schedule catches up"),
    ("max_runs", "the schedule had run as often as it may"),
    ("blackout", "an exclusion window lay over it"),
    ("holiday", "its day was no business day"),
    ("breaker", "the schedule's last runs had all failed, and it was paused"),
    ("condition", "the schedule's condition did not hold"),
    ("condition_error", "the schedule's condition could not be evaluated"),
    ("replaced", "a later slot of the schedule took its place"),
    ("ran", "its slot had run by the time its backfill came to it"),
    ("circuit", "the job's circuit breaker is open"),
    ("upstream", "what it depends on did not end as it has to"),
    ("fail_fast", "a job failed whose failure ends the run"),
    ("mapping", "an output that its parameters need could not be taken over"),
    ("job_disabled", "the job is not active"),
    ("environment", "the job may not run in this environment"),
    ("handler", "the handler decided that there is nothing to do"),
    ("cancelled", "somebody asked for it to stop"),
    ("timeout", "the attempt took longer than the job's timeout"),
    ("error", "the attempt failed"),
    ("permanent", "the attempt failed in a way that retrying cannot mend"),
    ("retry_later", "the handler asked to be tried again later"),
    ("worker_lost", "the worker died or froze, and its lease ran out"),
    ("lock_lost", "the attempt lost a lock that it held"),
    ("held", "it was held back for longer than its misfire policy lets it run late"),
    ("on_hold", "it was put on hold before a worker had claimed it"),
    ("queue_paused", "its queue was paused before a worker had claimed it"),
    ("drain", "the worker was stopped and handed the execution back"),
]


class Migration(migrations.Migration):

    dependencies = [("executions", "0008_keyed_limits")]

    operations = [
        migrations.AlterField(
            model_name="executiontransition",
            name="reason",
            field=models.CharField(choices=REASONS, max_length=32, null=True),
        ),
        migrations.AlterField(
            model_name="jobexecution",
            name="reason",
            field=models.CharField(choices=REASONS, max_length=32, null=True),
        ),
        migrations.AddIndex(
            model_name="jobexecution",
            index=models.Index(
                condition=models.Q(("backfill__isnull", False), ("status", "waiting")),
                fields=["backfill", "id"],
                name="execution_waiting_of_backfill",
            ),
        ),
    ]
