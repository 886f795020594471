-- EXP-04. Projects that were made before 2023 elsewhere keep project time: dates of a raw export are days of the project's
-- zone, and times are told by its wall clock. Chosen when the project is made.
ALTER TABLE project ADD COLUMN has_project_time boolean NOT NULL DEFAULT false;
