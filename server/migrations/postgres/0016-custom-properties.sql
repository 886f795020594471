-- RPT-08. Properties that are worked out when a question is asked: formulas and borrowed ones. Names and expressions as
-- somebody typed them, no values.
ALTER TABLE saved_definition DROP CONSTRAINT saved_definition_kind_check;
ALTER TABLE saved_definition ADD CONSTRAINT saved_definition_kind_check
    CHECK (kind IN ('funnel', 'bookmark', 'cohort', 'custom-event', 'data-view', 'custom-property'));
