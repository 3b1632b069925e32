-- What is the latest verdict on each ID that was ever checked? compliant, delete, rehydrate, scrub_geo, or what X said.
WITH ranked AS (
    SELECT
        *,
        -- An error is no verdict: the one before it stands, if there is any.
        row_number() OVER (
            PARTITION BY type, id
            ORDER BY verdict = 'error', checked_at DESC, run_id DESC, part DESC
        ) AS place
    FROM checks
)
SELECT id, verdict, reason, created_at, redacted_at, checked_at, run_id, part, job_id, type, checked_on
FROM ranked
WHERE place = 1
