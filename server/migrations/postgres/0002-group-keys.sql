-- ING-24. Names of event properties whose values are groups, such as `company`; no value of one is here.
CREATE TABLE project_group_key (
    project_id   integer NOT NULL REFERENCES project (id),
    key          text NOT NULL,
    display_name text NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, key)
);
