-- What was checked when, with what outcome, run by run of each dataset?
WITH outcomes AS (
    SELECT
        type,
        checked_on,
        run_id,
        count(*) AS checked,
        count_if(verdict = 'compliant') AS compliant,
        count_if(verdict = 'delete') AS to_delete,
        count_if(verdict = 'rehydrate') AS to_rehydrate,
        count_if(verdict = 'scrub_geo') AS to_scrub_geo,
        count_if(verdict NOT IN ('compliant', 'delete', 'rehydrate', 'scrub_geo', 'error')) AS other,
        count_if(verdict = 'error') AS errors
    FROM checks
    GROUP BY type, checked_on, run_id
)
SELECT
    r.dataset,
    r.run_id,
    r.status,
    r.started_at,
    r.ended_at,
    r.files,
    r.lines,
    r.embedded,
    r.blank,
    r.notice,
    r.rejected,
    r.duplicate,
    r.accepted,
    coalesce(o.checked, 0) AS checked,
    coalesce(r.accepted, 0) - coalesce(o.checked, 0) AS unchecked,
    coalesce(o.compliant, 0) AS compliant,
    coalesce(o.to_delete, 0) AS to_delete,
    coalesce(o.to_rehydrate, 0) AS to_rehydrate,
    coalesce(o.to_scrub_geo, 0) AS to_scrub_geo,
    coalesce(o.other, 0) AS other,
    coalesce(o.errors, 0) AS errors,
    r.error,
    r.error_message,
    r.bucket,
    r.key,
    r.version_id,
    r.type,
    r.checked_on
FROM runs AS r
LEFT JOIN outcomes AS o
    ON o.type = r.type
    AND o.checked_on = r.checked_on
    AND o.run_id = r.run_id
