"""Audit entries are only ever added, whoever asks."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit entries are only ever added (% refused)', TG_OP
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only_rows BEFORE UPDATE OR DELETE ON audit_jobaudit
    FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON audit_jobaudit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
"""
BACKWARD = """
DROP TRIGGER append_only_table ON audit_jobaudit;
DROP TRIGGER append_only_rows ON audit_jobaudit;
DROP FUNCTION audit_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
