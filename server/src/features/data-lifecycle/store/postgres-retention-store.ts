import type { AuditActor, AuditEntry } from '../../../kernel/audit.ts'
import type { ProjectScope } from '../../../kernel/scope.ts'
import type { ControlDb, ControlTx } from '../../../platform/postgres/control-db.ts'
import type { Retention, RetentionRow } from '../domain/retention.ts'

export interface Who {
  readonly actor: AuditActor
  readonly organizationId: number | null
  /** None when nobody waits for it. */
  readonly requestId?: string
}

/** The rules as people set them. Changes are in the audit log, in one transaction with it. */
export interface RetentionStore {
  find(scope: ProjectScope): Promise<Retention>
  /** Replaces all of it. */
  set(scope: ProjectScope, retention: Retention, who: Who): Promise<void>
  /** Everything that the engine of a region has to know, and a number that is higher than that of every earlier copy. */
  copy(regionId: string): Promise<{ readonly version: number; readonly rows: readonly RetentionRow[] }>
  projectIds(regionId: string): Promise<readonly number[]>
}

export interface RetentionStoreDeps {
  readonly control: ControlDb
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
  /** 0: for ever. */
  readonly defaultDays: number
}

const findIn = async (tx: ControlTx, projectId: number): Promise<Retention> => {
  const [own] = await tx.rows<{ days: number | null }>('SELECT days FROM project_retention WHERE project_id = $1', [
    projectId,
  ])
  const events = await tx.rows<{ event: string; days: number | null }>(
    'SELECT event, days FROM event_retention WHERE project_id = $1 ORDER BY event',
    [projectId],
  )
  return own === undefined ? { events } : { days: own.days, events }
}

const replaceRetention = async (tx: ControlTx, projectId: number, { days, events }: Retention): Promise<void> => {
  await tx.rows('DELETE FROM project_retention WHERE project_id = $1', [projectId])
  await tx.rows('DELETE FROM event_retention WHERE project_id = $1', [projectId])
  if (days !== undefined) {
    await tx.rows('INSERT INTO project_retention (project_id, days) VALUES ($1, $2)', [projectId, days])
  }
  await tx.rows(
    'INSERT INTO event_retention (project_id, event, days) SELECT $1, * FROM unnest($2::text[], $3::integer[])',
    [projectId, events.map(({ event }) => event), events.map((one) => one.days)],
  )
}

export const createRetentionStore = ({ control, appendAudit, defaultDays }: RetentionStoreDeps): RetentionStore => ({
  find: ({ projectId }) => findIn(control, projectId),

  set: ({ projectId }, retention, who) =>
    control.tx(async (tx) => {
      await tx.rows('SELECT 1 FROM project WHERE id = $1 FOR NO KEY UPDATE', [projectId])
      const before = await findIn(tx, projectId)
      await replaceRetention(tx, projectId, retention)
      await appendAudit(tx, {
        type: 'retention.updated',
        ...who,
        projectId,
        target: { type: 'retention', id: String(projectId) },
        changes: { retention: { before: shown(before), after: shown(retention) } },
      })
    }),

  copy: async (regionId) => {
    // The number first: whatever was committed before a copy with a higher one was numbered is in that copy.
    const [numbered] = await control.rows<{ version: string }>(`SELECT nextval('event_retention_version') AS version`)
    const found = await control.rows<{ project_id: number; event: string; days: number | null }>(
      `SELECT project_id, '' AS event, r.days FROM project_retention r JOIN project p ON p.id = project_id WHERE region = $1
       UNION ALL
       SELECT project_id, event, r.days FROM event_retention r JOIN project p ON p.id = project_id WHERE region = $1`,
      [regionId],
    )
    const rows = found.map((row) => ({ projectId: row.project_id, event: row.event, keepDays: row.days ?? 0 }))
    return { version: Number(numbered?.version), rows: [{ projectId: 0, event: '', keepDays: defaultDays }, ...rows] }
  },

  projectIds: async (regionId) => {
    const rows = await control.rows<{ id: number }>('SELECT id FROM project WHERE region = $1 ORDER BY id', [regionId])
    return rows.map(({ id }) => id)
  },
})

const shown = ({ days, events }: Retention) => ({ days: days === undefined ? 'default' : days, events })
