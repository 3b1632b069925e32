-- Which posts must lose their stored location, and since which check is that known?
WITH found AS (
    SELECT type, id, max(checked_at) AS since
    FROM changes
    GROUP BY type, id
)
SELECT s.id, s.reason, s.created_at, s.redacted_at, f.since, s.checked_at, s.run_id, s.type, s.checked_on
FROM compliance_status AS s
LEFT JOIN found AS f ON f.type = s.type AND f.id = s.id
WHERE s.verdict = 'scrub_geo'
