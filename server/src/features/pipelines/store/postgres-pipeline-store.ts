import type { AuditActor, AuditEntry, AuditEventType } from '../../../kernel/audit.ts'
import { InvalidRequest, NotFound } from '../../../kernel/errors.ts'
import type { ProjectScope } from '../../../kernel/scope.ts'
import type { ControlDb, ControlTx } from '../../../platform/postgres/control-db.ts'
import type { CreateRequest, Frequency, PipelineSettings } from '../domain/create-request.ts'
import { freeName, type Window } from '../domain/layout.ts'

export interface Who {
  readonly actor: AuditActor
  readonly organizationId: number | null
  readonly requestId: string
}

export interface Pipeline {
  readonly id: string
  readonly projectId: number
  readonly name: string
  readonly frequency: Frequency
  readonly settings: PipelineSettings
  /** Sealed for `sealContext`. */
  readonly credentials: string
  readonly nextFromMs: number
  readonly endsAtMs: number | null
  readonly isPaused: boolean
}

export interface Step extends Window {
  readonly state: 'running' | 'retried' | 'succeeded'
  readonly startedAtMs: number
  readonly endedAtMs: number | null
}

/** A line of the manifest. */
export interface WrittenFile {
  readonly key: string
  readonly rowCount: number
  readonly byteCount: number
  readonly sha256: string
}

interface Row {
  readonly id: string
  readonly project_id: number
  readonly name: string
  readonly frequency: Frequency
  readonly settings: PipelineSettings
  readonly credentials: string
  readonly next_from: Date
  readonly ends_at: Date | null
  readonly paused: boolean
}

/** What a seal of credentials is tied to. */
export const sealContext = (projectId: number, name: string): string => `pipeline ${projectId} ${name}`

const recurringMax = 2

const pipelineOf = (row: Row): Pipeline => ({
  id: row.id,
  projectId: row.project_id,
  name: row.name,
  frequency: row.frequency,
  settings: row.settings,
  credentials: row.credentials,
  nextFromMs: row.next_from.getTime(),
  endsAtMs: row.ends_at?.getTime() ?? null,
  isPaused: row.paused,
})

const unfinished = '(ends_at IS NULL OR next_from < ends_at)'
const unknown = (): NotFound => new NotFound('pipeline not found')

export interface PipelineStoreDeps {
  readonly control: ControlDb
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
}

export type PipelineStore = ReturnType<typeof createPipelineStore>

/** Pipelines and the manifest of what they wrote. Changes and their audit entries are one transaction. */
export const createPipelineStore = ({ control, appendAudit }: PipelineStoreDeps) => {
  const audit = (tx: ControlTx, type: AuditEventType, scope: ProjectScope, name: string, who: Who): Promise<void> =>
    appendAudit(tx, {
      type,
      actor: who.actor,
      organizationId: who.organizationId,
      projectId: scope.projectId,
      target: { type: 'pipeline', id: name, name },
      requestId: who.requestId,
    })

  /** One statement on the pipeline of a name, with its audit entry. Throws NotFound. */
  const change = (
    scope: ProjectScope,
    name: string,
    sql: string,
    more: readonly unknown[],
    type: AuditEventType,
    who: Who,
  ) =>
    control.tx(async (tx) => {
      const found = await tx.rows(`${sql} WHERE project_id = $1 AND name = $2 RETURNING id`, [
        scope.projectId,
        name,
        ...more,
      ])
      if (found.length === 0) throw unknown()
      await audit(tx, type, scope, name, who)
    })

  return {
    list: async ({ projectId }: ProjectScope): Promise<readonly Pipeline[]> =>
      (await control.rows<Row>('SELECT * FROM pipeline WHERE project_id = $1 ORDER BY id', [projectId])).map(
        pipelineOf,
      ),

    /** Throws NotFound. */
    find: async ({ projectId }: ProjectScope, name: string): Promise<Pipeline> => {
      const [row] = await control.rows<Row>('SELECT * FROM pipeline WHERE project_id = $1 AND name = $2', [
        projectId,
        name,
      ])
      if (row === undefined) throw unknown()
      return pipelineOf(row)
    },

    /** PIPE-10: throws InvalidRequest beyond the limits. Answers its name. */
    create: (scope: ProjectScope, asked: CreateRequest, sealed: (name: string) => string, who: Who): Promise<string> =>
      control.tx(async (tx) => {
        // One at a time, so that two requests do not both find room.
        await tx.rows('SELECT 1 FROM project WHERE id = $1 FOR UPDATE', [scope.projectId])
        const rows = await tx.rows<Row & { fresh: boolean }>(
          `SELECT *, created_at > now() - interval '24 hours' AS fresh FROM pipeline WHERE project_id = $1`,
          [scope.projectId],
        )
        refuseBeyondLimits(rows, asked)
        const name = freeName(asked.frequency, new Set(rows.map((row) => row.name)))
        await tx.rows(
          `INSERT INTO pipeline (project_id, region, name, frequency, settings, credentials, next_from, ends_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
          [
            scope.projectId,
            scope.regionId,
            name,
            asked.frequency,
            JSON.stringify(asked.settings),
            sealed(name),
            new Date(asked.fromMs),
            asked.endsAtMs === null ? null : new Date(asked.endsAtMs),
          ],
        )
        await audit(tx, 'pipeline.created', scope, name, who)
        return name
      }),

    edit: (scope: ProjectScope, name: string, filter: Partial<Pick<PipelineSettings, 'events' | 'where'>>, who: Who) =>
      change(
        scope,
        name,
        'UPDATE pipeline SET settings = settings || $3::jsonb',
        [JSON.stringify(filter)],
        'pipeline.updated',
        who,
      ),
    pause: (scope: ProjectScope, name: string, isPaused: boolean, who: Who) =>
      change(
        scope,
        name,
        'UPDATE pipeline SET paused = $3',
        [isPaused],
        isPaused ? 'pipeline.paused' : 'pipeline.resumed',
        who,
      ),
    /** With its manifest. */
    remove: (scope: ProjectScope, name: string, who: Who) =>
      change(scope, name, 'DELETE FROM pipeline', [], 'pipeline.deleted', who),

    steps: async (pipelineId: string): Promise<readonly Step[]> => {
      const rows = await control.rows<{
        from_time: Date
        to_time: Date
        state: Step['state']
        started_at: Date
        ended_at: Date | null
      }>(
        'SELECT from_time, to_time, state, started_at, ended_at FROM pipeline_step WHERE pipeline_id = $1 ORDER BY from_time',
        [pipelineId],
      )
      return rows.map((row) => ({
        fromMs: row.from_time.getTime(),
        toMs: row.to_time.getTime(),
        state: row.state,
        startedAtMs: row.started_at.getTime(),
        endedAtMs: row.ended_at?.getTime() ?? null,
      }))
    },

    /** Pipelines of a region whose next window has ended by `untilMs`, those that waited longest first. */
    due: async (regionId: string, untilMs: number): Promise<readonly Pipeline[]> => {
      const rows = await control.rows<Row>(
        `SELECT * FROM pipeline WHERE region = $1 AND NOT paused AND ${unfinished}
           AND next_from + CASE frequency WHEN 'daily' THEN interval '1 day' ELSE interval '1 hour' END <= $2
         ORDER BY next_from, id`,
        [regionId, new Date(untilMs)],
      )
      return rows.map(pipelineOf)
    },

    erasureEpoch: async (projectId: number): Promise<number | null> => {
      const [row] = await control.rows<{ erasure_epoch: number }>('SELECT erasure_epoch FROM project WHERE id = $1', [
        projectId,
      ])
      return row?.erasure_epoch ?? null
    },

    /** A step that is there already was cut off or failed, and is tried again. */
    begin: (pipeline: Pipeline, { fromMs, toMs }: Window, nowMs: number) =>
      control.rows(
        `INSERT INTO pipeline_step (pipeline_id, from_time, to_time, state, started_at) VALUES ($1, $2, $3, 'running', $4)
         ON CONFLICT (pipeline_id, from_time) DO UPDATE
         SET state = 'retried', attempt_count = pipeline_step.attempt_count + 1, started_at = $4`,
        [pipeline.id, new Date(fromMs), new Date(toMs), new Date(nowMs)],
      ),

    /** The manifest line and the place of the next window, together. */
    finish: (pipeline: Pipeline, { fromMs, toMs }: Window, file: WrittenFile, nowMs: number) =>
      control.tx(async (tx) => {
        await tx.rows(
          `UPDATE pipeline_step SET state = 'succeeded', ended_at = $3, file_key = $4, row_count = $5, byte_count = $6, sha256 = $7
           WHERE pipeline_id = $1 AND from_time = $2`,
          [pipeline.id, new Date(fromMs), new Date(nowMs), file.key, file.rowCount, file.byteCount, file.sha256],
        )
        await tx.rows('UPDATE pipeline SET next_from = $2 WHERE id = $1 AND next_from = $3', [
          pipeline.id,
          new Date(toMs),
          new Date(fromMs),
        ])
      }),
  }
}

/** PIPE-10 (pipelines §3). */
const refuseBeyondLimits = (rows: readonly (Row & { readonly fresh: boolean })[], asked: CreateRequest): void => {
  if (asked.endsAtMs === null) {
    const recurring = rows.filter((row) => row.ends_at === null)
    if (recurring.length >= recurringMax) throw new InvalidRequest('a project has at most 2 recurring event pipelines')
    if (recurring.some(({ frequency }) => frequency === asked.frequency)) {
      throw new InvalidRequest(
        `the project has a recurring ${asked.frequency} pipeline; recurring ones differ in frequency`,
      )
    }
    return
  }
  const ranges = rows.filter((row) => row.ends_at !== null)
  if (ranges.some((row) => row.ends_at !== null && row.next_from < row.ends_at)) {
    throw new InvalidRequest('a project has at most 1 active pipeline with a to_date')
  }
  if (ranges.some((row) => row.fresh)) throw new InvalidRequest('one pipeline with a to_date may be made in 24 hours')
}
