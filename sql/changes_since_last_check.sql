-- What did the last check of each ID change? Also what a first check found, where it is not compliant.
SELECT id, was, was_reason, verdict, reason, created_at, redacted_at, was_checked_at, checked_at, run_id, type, checked_on
FROM changes
WHERE is_last_check
