-- Whether hold `h` holds back what is of job `of.job_id`, of queue `of.queue` and of team `of.team_name`.
h.scope = 'everything'
OR h.scope = 'job' AND h.job_id = of.job_id
OR h.scope = 'queue' AND h.queue_id = of.queue
OR h.scope = 'team' AND h.team_name = of.team_name
