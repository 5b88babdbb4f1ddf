"""A finished execution never changes its status, whoever asks."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION execution_final_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'execution % is % and stays so', OLD.id, OLD.status
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER final_is_final BEFORE UPDATE OF status, completed_at ON executions_jobexecution
    FOR EACH ROW
    WHEN (OLD.completed_at IS NOT NULL
          AND (NEW.status, NEW.completed_at) IS DISTINCT FROM (OLD.status, OLD.completed_at))
    EXECUTE FUNCTION execution_final_is_final();
"""
BACKWARD = """
DROP TRIGGER final_is_final ON executions_jobexecution;
DROP FUNCTION execution_final_is_final();
"""


class Migration(migrations.Migration):
    dependencies = [("executions", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
