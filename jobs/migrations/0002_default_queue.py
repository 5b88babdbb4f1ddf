"""Every installation has the queue that jobs use unless they name another."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("jobs", "0001_initial")]
    operations = [
        migrations.RunSQL(
            "INSERT INTO jobs_queue (name, is_paused) VALUES ('default', false) ON CONFLICT DO NOTHING",
            migrations.RunSQL.noop,
        )
    ]
