-- What did each check of each ID come to? One row for each ID in each check of it.
WITH answers AS (
    SELECT
        type,
        checked_on,
        run_id,
        part,
        job_id,
        -- X may answer any string; what is no number was not asked for.
        try_cast(regexp_extract(trim(id), '^[0-9]+$') AS bigint) AS id,
        coalesce(action, 'error') AS verdict,
        coalesce(reason, error) AS reason,
        created_at,
        redacted_at,
        CASE action WHEN 'delete' THEN 3 WHEN 'rehydrate' THEN 2 WHEN 'scrub_geo' THEN 1 END AS weight
    FROM results
),
ranked AS (
    SELECT
        *,
        -- Of several words about an ID the weightiest counts: delete, rehydrate, scrub_geo, any other, an error.
        row_number() OVER (
            PARTITION BY type, checked_on, run_id, part, job_id, id
            ORDER BY weight DESC NULLS LAST, verdict = 'error', redacted_at DESC NULLS LAST, verdict, reason
        ) AS place
    FROM answers
)
SELECT
    CAST(c.id AS varchar) AS id,
    coalesce(r.verdict, 'compliant') AS verdict,
    r.reason,
    r.created_at,
    r.redacted_at,
    c.checked_at,
    c.run_id,
    c.part,
    c.job_id,
    c.type,
    c.checked_on
FROM checked_ids AS c
LEFT JOIN ranked AS r
    ON r.type = c.type
    AND r.checked_on = c.checked_on
    AND r.run_id = c.run_id
    AND r.part = c.part
    AND r.job_id = c.job_id
    AND r.id = c.id
    AND r.place = 1
