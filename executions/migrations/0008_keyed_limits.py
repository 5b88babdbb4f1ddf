import django.db.models.deletion
from django.db import migrations, models


def forget_starts(apps, schema_editor):
    """Rows of the last minute: none can be of a version that did not know their execution."""
    apps.get_model("executions", "CountedStart").objects.all().delete()


class Migration(migrations.Migration):

    dependencies = [("executions", "0007_lock_fences")]

    operations = [
        migrations.RunPython(forget_starts, migrations.RunPython.noop),
        migrations.AddField(
            model_name="countedstart",
            name="execution",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="executions.jobexecution",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="countedstart",
            name="fence",
            field=models.PositiveIntegerField(),
            preserve_default=False,
        ),
        migrations.AddIndex(
            model_name="jobexecution",
            index=models.Index(
                condition=models.Q(
                    ("concurrency_key__isnull", False),
                    ("status__in", ("scheduled", "retrying")),
                ),
                fields=["job", "concurrency_key", "-priority", "due_at", "id"],
                name="execution_ready_key",
            ),
        ),
    ]
