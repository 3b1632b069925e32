-- Which check found another verdict on an ID than the check before it, and what was it then?
WITH affected AS (
    -- An ID that X never had a word about has never changed: most of them need no second look.
    SELECT DISTINCT type, CAST(try_cast(regexp_extract(trim(id), '^[0-9]+$') AS bigint) AS varchar) AS id
    FROM results
),
verdicts AS (
    SELECT
        c.*,
        row_number() OVER (PARTITION BY c.type, c.id, c.run_id ORDER BY c.checked_at DESC, c.part DESC) AS place
    FROM checks AS c
    JOIN affected AS a ON a.type = c.type AND a.id = c.id
    WHERE c.verdict <> 'error'
),
steps AS (
    SELECT
        *,
        lag(verdict) OVER (PARTITION BY type, id ORDER BY checked_at, run_id) AS was,
        lag(reason) OVER (PARTITION BY type, id ORDER BY checked_at, run_id) AS was_reason,
        lag(checked_at) OVER (PARTITION BY type, id ORDER BY checked_at, run_id) AS was_checked_at,
        lead(run_id) OVER (PARTITION BY type, id ORDER BY checked_at, run_id) IS NULL AS is_last_check
    FROM verdicts
    WHERE place = 1
)
SELECT
    id,
    was,
    was_reason,
    verdict,
    reason,
    created_at,
    redacted_at,
    was_checked_at,
    checked_at,
    is_last_check,
    run_id,
    type,
    checked_on
FROM steps
WHERE (was IS NULL AND verdict <> 'compliant')
    OR (was IS NOT NULL AND (verdict <> was OR reason IS DISTINCT FROM was_reason))
