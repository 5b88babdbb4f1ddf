"""Indexes of the lists of executions, built while the platform goes on writing."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ('executions', '0003_reruns_and_days'),
        ('jobs', '0003_more_kinds'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='jobexecution',
            index=models.Index(condition=models.Q(('status__in', ('succeeded', 'failed', 'timed_out', 'cancelled', 'skipped'))), fields=['job', 'status', '-id'], name='execution_ended'),
        ),
        AddIndexConcurrently(
            model_name='jobexecution',
            index=models.Index(condition=models.Q(('origin', 'manual')), fields=['job', '-id'], name='execution_by_hand'),
        ),
        AddIndexConcurrently(
            model_name='jobexecution',
            index=models.Index(condition=models.Q(('started_at__isnull', False)), fields=['job', 'schedule', '-id'], name='execution_started'),
        ),
    ]
