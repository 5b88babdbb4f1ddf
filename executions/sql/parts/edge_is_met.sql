-- Whether an execution that has ended (ended) lets what waits for it go on (edge): as the condition
-- wants it, or regardless.
(
    CASE edge.condition
        WHEN 'success' THEN ended.status = 'succeeded'
        WHEN 'failure' THEN ended.status IN ('failed', 'timed_out')
        ELSE true
    END
    OR NOT edge.fail_if_dependency_fails
)
