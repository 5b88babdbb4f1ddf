-- Take one day for this transaction to count. No row when it is counted already; while another
-- transaction counts it, this waits for that one's end.
INSERT INTO executions_rolledupday (day, counted_at)
VALUES (%(day)s::date, coalesce(%(now)s::timestamptz, now()))
ON CONFLICT (day) DO NOTHING
RETURNING day
