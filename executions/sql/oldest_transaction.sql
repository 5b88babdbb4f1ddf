-- The oldest open transaction, if it began before the newest day that is over for long enough had
-- ended: `uncounted_days` leaves that day out as long as it is open.
SELECT pid, xact_start
FROM pg_stat_activity
WHERE datname = current_database()
  AND backend_type = 'client backend'
  AND pid <> pg_backend_pid()
  AND xact_start < date_trunc(
      'day', coalesce(%(now)s::timestamptz, now()) - make_interval(secs => %(settling)s), 'UTC'
  )
ORDER BY xact_start
LIMIT 1
