import { randomUUID } from 'node:crypto'
import type { ControlDb } from '../../../platform/postgres/control-db.ts'
import { type Import, importColumns } from './postgres-import-store.ts'

/** A run to do, or to go on with. */
export interface OpenRun {
  readonly id: string
  readonly imported: Import
  /** Append: where the last finished run has ended. */
  readonly readUntil: string | null
  /** Append: where this run, or the one before it that did not succeed, was cut off. */
  readonly resumeAt: string | null
  readonly importedCount: number
  readonly failedCount: number
}

export interface Progress {
  readonly importedCount: number
  readonly failedCount: number
  readonly resumeAt: string | null
}

export interface AskedDataDeletion {
  readonly importId: number
  readonly projectId: number
}

/** What the worker of a region goes by. Only it moves runs, under its lease. */
export interface RunQueue {
  /** Makes runs of the imports whose time has come. */
  dispatch(nowMs: number): Promise<void>
  /** The oldest open run that is none of `taken`; marks it as running. */
  take(taken: ReadonlySet<string>, nowMs: number): Promise<OpenRun | null>
  /** Everything up to here is stored. False: the import was paused or deleted, and the run is to end. */
  progress(runId: string, progress: Progress): Promise<boolean>
  succeed(runId: string, progress: Progress, nowMs: number): Promise<void>
  end(runId: string, state: 'FAILED' | 'CANCELLED', error: string | null, nowMs: number): Promise<void>
  /** Imports whose events are to go, and of which nothing runs any more. */
  askedDeletions(): Promise<readonly AskedDataDeletion[]>
  dataDeleted(importId: number): Promise<void>
}

export const createRunQueue = (control: ControlDb, regionId: string): RunQueue => ({
  dispatch: (nowMs) =>
    control.tx(async (tx) => {
      const due = await tx.rows<{ id: number; project_id: number }>(
        `SELECT id, project_id FROM warehouse_import i
         WHERE region = $1 AND NOT paused AND deleted_at IS NULL AND run_every_ns > 0 AND sync_mode <> 'one_time'
           AND source_id IS NOT NULL
           AND (last_dispatch IS NULL OR last_dispatch <= $2::timestamptz - run_every_ns / 1000 * interval '1 microsecond')
           AND NOT EXISTS (SELECT FROM warehouse_run r WHERE r.import_id = i.id AND r.state IN ('QUEUED', 'RUNNING'))
         ORDER BY id LIMIT 100 FOR UPDATE SKIP LOCKED`,
        [regionId, new Date(nowMs)],
      )
      for (const { id, project_id } of due) {
        await tx.rows(
          `INSERT INTO warehouse_run (id, import_id, project_id, region, state, queued_at)
           VALUES ($1, $2, $3, $4, 'QUEUED', $5) ON CONFLICT DO NOTHING`,
          [randomUUID(), id, project_id, regionId, new Date(nowMs)],
        )
        await tx.rows('UPDATE warehouse_import SET last_dispatch = $2 WHERE id = $1', [id, new Date(nowMs)])
      }
    }),

  take: async (taken, nowMs) => {
    const [row] = await control.rows<{
      id: string
      import_id: number
      resume_at: string | null
      read_until: string | null
      imported_count: number
      failed_count: number
    }>(
      `UPDATE warehouse_run r SET state = 'RUNNING', started_at = coalesce(r.started_at, $3),
         resume_at = coalesce(r.resume_at, (
           SELECT CASE WHEN l.state <> 'SUCCEEDED' THEN l.resume_at END FROM warehouse_run l
           WHERE l.import_id = r.import_id AND l.ended_at IS NOT NULL ORDER BY l.queued_at DESC LIMIT 1))
       FROM warehouse_import i WHERE i.id = r.import_id AND r.state IN ('QUEUED', 'RUNNING') AND r.id = (
         SELECT id FROM warehouse_run WHERE region = $1 AND state IN ('QUEUED', 'RUNNING') AND NOT id = ANY($2::uuid[])
         ORDER BY queued_at LIMIT 1)
       RETURNING r.id, r.import_id, r.resume_at, i.read_until, r.imported_count::float8 AS imported_count,
         r.failed_count::float8 AS failed_count`,
      [regionId, [...taken], new Date(nowMs)],
    )
    if (row === undefined) return null
    const [imported] = await control.rows<Import>(`SELECT ${importColumns} FROM warehouse_import WHERE id = $1`, [
      row.import_id,
    ])
    return {
      id: row.id,
      imported: imported as Import,
      readUntil: row.read_until,
      resumeAt: row.resume_at,
      importedCount: row.imported_count,
      failedCount: row.failed_count,
    }
  },

  progress: async (runId, { importedCount, failedCount, resumeAt }) => {
    const [row] = await control.rows<{ goes_on: boolean }>(
      `UPDATE warehouse_run r SET imported_count = $2, failed_count = $3, resume_at = $4
       FROM warehouse_import i WHERE i.id = r.import_id AND r.id = $1
       RETURNING i.deleted_at IS NULL AND NOT i.paused AS goes_on`,
      [runId, importedCount, failedCount, resumeAt],
    )
    return row?.goes_on === true
  },

  succeed: (runId, { importedCount, failedCount, resumeAt }, nowMs) =>
    control.tx(async (tx) => {
      await tx.rows(
        `UPDATE warehouse_import i SET read_until = coalesce($2, read_until)
         FROM warehouse_run r WHERE r.import_id = i.id AND r.id = $1`,
        [runId, resumeAt],
      )
      await tx.rows(
        `UPDATE warehouse_run SET state = 'SUCCEEDED', imported_count = $2, failed_count = $3, resume_at = $4, ended_at = $5
         WHERE id = $1 AND state = 'RUNNING'`,
        [runId, importedCount, failedCount, resumeAt, new Date(nowMs)],
      )
    }),

  end: async (runId, state, error, nowMs) => {
    await control.rows(
      `UPDATE warehouse_run SET state = $2, error = $3, ended_at = $4 WHERE id = $1 AND state = 'RUNNING'`,
      [...[runId, state, error, new Date(nowMs)]],
    )
  },

  askedDeletions: () =>
    control.rows<AskedDataDeletion>(
      `SELECT id AS "importId", project_id AS "projectId" FROM warehouse_import i
       WHERE region = $1 AND data_deletion = 'ASKED'
         AND NOT EXISTS (SELECT FROM warehouse_run r WHERE r.import_id = i.id AND r.state IN ('QUEUED', 'RUNNING'))`,
      [regionId],
    ),

  dataDeleted: async (importId) => {
    await control.rows(`UPDATE warehouse_import SET data_deletion = 'DONE' WHERE id = $1`, [importId])
  },
})
