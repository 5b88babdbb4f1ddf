from django.db import migrations

# At once, or the table could not be altered after it in one transaction.
HOLD_PAUSED = """
INSERT INTO jobs_hold (id, scope, team_name, queue_id, reason, held_by, held_at)
SELECT uuidv7(), 'queue', '', q.name, 'paused before 0.4', 'platform', now()
FROM jobs_queue q
WHERE q.is_paused
  AND NOT EXISTS (SELECT FROM jobs_hold h WHERE h.queue_id = q.name AND h.ended_at IS NULL);
SET CONSTRAINTS ALL IMMEDIATE;
"""
PAUSE_HELD = """
UPDATE jobs_queue
SET is_paused = true
WHERE name IN (SELECT queue_id FROM jobs_hold WHERE queue_id IS NOT NULL AND ended_at IS NULL);
"""


class Migration(migrations.Migration):
    """A paused queue becomes one that is held: one truth."""

    dependencies = [("jobs", "0008_workflows")]

    operations = [
        migrations.RunSQL(HOLD_PAUSED, PAUSE_HELD),
        migrations.RemoveField(model_name="queue", name="is_paused"),
        migrations.AlterModelOptions(
            name="hold",
            options={
                "permissions": [("hold_everything", "Can hold back everything (maintenance)")]
            },
        ),
    ]
