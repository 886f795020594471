-- AUTH-30. The log ends at its beginning: entries that are older than the installation keeps them go, by one function,
-- which keeps 30 days whatever it is asked. No other statement changes or removes an entry.
CREATE FUNCTION expire_audit_events(before timestamptz, most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    gone integer;
BEGIN
    IF before > clock_timestamp() - interval '30 days' THEN
        RAISE EXCEPTION 'the audit log keeps 30 days at least';
    END IF;
    DELETE FROM audit_event
    WHERE id IN (SELECT id FROM audit_event WHERE occurred_at < before ORDER BY id LIMIT most);
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END $$;

CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    stack text;
BEGIN
    -- Who calls: a line of the stack that is a function (a statement's text stands in quotes, behind other words).
    GET DIAGNOSTICS stack = PG_CONTEXT;
    IF TG_OP = 'DELETE' AND stack ~ '\nPL/pgSQL[^"\n]* ([a-z0-9_]+\.)?expire_audit_events\(timestamp' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'the audit log is append-only';
END $$;

CREATE INDEX audit_event_time ON audit_event (occurred_at);
CREATE INDEX audit_event_type ON audit_event (organization_id, event_type, id);
