from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("jobs", "0006_first_versions")]

    operations = [
        migrations.RemoveField(model_name="jobschedule", name="resumed_at"),
        migrations.RemoveField(model_name="jobschedule", name="stopped_at"),
    ]
