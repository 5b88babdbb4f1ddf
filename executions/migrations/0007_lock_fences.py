"""The numbers that holders of locks get: they grow whatever becomes of Redis."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("executions", "0006_workflows")]
    operations = [
        migrations.RunSQL(
            "CREATE SEQUENCE executions_lock_fence", "DROP SEQUENCE executions_lock_fence"
        )
    ]
