import { randomUUID } from 'node:crypto'
import type { AuditEntry, AuditEventType } from '../../../kernel/audit.ts'
import { InvalidRequest, RateLimited } from '../../../kernel/errors.ts'
import type { ProjectScope } from '../../../kernel/scope.ts'
import type { ControlDb, ControlTx } from '../../../platform/postgres/control-db.ts'
import { LookupTableExists, NoSuchLookupTable, UploadGivenUp } from '../errors.ts'

export interface LookupTable {
  readonly id: string
  readonly name: string
}

export interface Upload {
  /** Of the rows that are about to be stored; nobody reads them before `finish`. */
  readonly version: string
  /** So many rows fit beside those of the project's other tables, of `rowCountMax` together. */
  readonly rowCountLeft: number
  readonly rowCountMax: number
}

export interface LoadedTable {
  readonly version: string
  readonly rowCount: number
}

export interface LookupLimits {
  /** Rows of all tables of a project together (ingestion §15). */
  readonly rowCountMax: number
  /** PUTs of a project within 24 hours. */
  readonly uploadCountMax: number
}

/** Who changes something, for the audit log. */
export type Who = Pick<AuditEntry, 'actor' | 'organizationId' | 'requestId'>

export interface LookupTableStoreDeps {
  readonly control: ControlDb
  /** Writes to the audit log inside the given transaction. */
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
  readonly limits: LookupLimits
}

/** Which tables a project has, and which upload of each counts. Changes are in the audit log, in one transaction with it. */
export interface LookupTableStore {
  list(scope: ProjectScope): Promise<readonly LookupTable[]>
  /** Throws LookupTableExists. */
  create(scope: ProjectScope, name: string, who: Who): Promise<LookupTable>
  /** Its rows are then for `sweep`. Throws NoSuchLookupTable. */
  remove(scope: ProjectScope, id: string, who: Who): Promise<void>
  /** Counts the PUT. Throws NoSuchLookupTable, RateLimited. */
  begin(scope: ProjectScope, id: string): Promise<Upload>
  /** From here on the upload is the table. Throws InvalidRequest when there are too many rows, NoSuchLookupTable, UploadGivenUp. */
  finish(scope: ProjectScope, id: string, loaded: LoadedTable, who: Who): Promise<void>
  /** Nothing more will be stored. Unless the upload is the table by now, whatever was stored is for `sweep`. */
  giveUp(scope: ProjectScope, version: string): Promise<void>
  /** Versions of the region whose rows nobody will read again, whatever became of the server that stored them. */
  retired(regionId: string): Promise<readonly string[]>
  /** Their rows are gone. */
  dropped(versions: readonly string[]): Promise<void>
}

// Far beyond the time that a request has.
const longestUpload = `interval '1 hour'`
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

export const createLookupTableStore = ({ control, appendAudit, limits }: LookupTableStoreDeps): LookupTableStore => ({
  list: ({ projectId }) =>
    control.rows<LookupTable>('SELECT id, name FROM lookup_table WHERE project_id = $1 ORDER BY name', [projectId]),

  create: (scope, name, who) =>
    control.tx(async (tx) => {
      const [made] = await tx.rows<LookupTable>(
        `INSERT INTO lookup_table (id, project_id, name) VALUES ($1, $2, $3)
         ON CONFLICT (project_id, name) DO NOTHING RETURNING id, name`,
        [randomUUID(), scope.projectId, name],
      )
      if (made === undefined) throw new LookupTableExists()
      await appendAudit(tx, entryOf('lookup_table.created', scope, made, who))
      return made
    }),

  remove: (scope, id, who) =>
    control.tx(async (tx) => {
      await lockTables(tx, scope)
      const removed = await findTable(tx, scope, id)
      await tx.rows('DELETE FROM lookup_table WHERE id = $1', [id])
      await tx.rows(
        `UPDATE lookup_upload SET state = 'retired' WHERE table_id = $1 AND state IN ('loading', 'current')`,
        [id],
      )
      await appendAudit(tx, entryOf('lookup_table.deleted', scope, removed, who))
    }),

  begin: (scope, id) =>
    control.tx(async (tx) => {
      await lockTables(tx, scope)
      await findTable(tx, scope, id)
      await countUpload(tx, scope, limits.uploadCountMax)
      const version = randomUUID()
      await tx.rows(`INSERT INTO lookup_upload (version, project_id, table_id, state) VALUES ($1, $2, $3, 'loading')`, [
        version,
        scope.projectId,
        id,
      ])
      const { rowCountMax } = limits
      return { version, rowCountMax, rowCountLeft: rowCountMax - (await rowCountBeside(tx, scope, id)) }
    }),

  finish: (scope, id, { version, rowCount }, who) =>
    control.tx(async (tx) => {
      await lockTables(tx, scope)
      const replaced = await findTable(tx, scope, id)
      // Others may have grown since.
      if (rowCount > limits.rowCountMax - (await rowCountBeside(tx, scope, id))) throw tooManyRows(limits.rowCountMax)
      const [loaded] = await tx.rows(
        `UPDATE lookup_upload SET state = 'current' WHERE version = $1 AND state = 'loading' RETURNING version`,
        [version],
      )
      if (loaded === undefined) throw new UploadGivenUp()
      await tx.rows(`UPDATE lookup_upload SET state = 'retired' WHERE version = $1`, [replaced.version])
      await tx.rows('UPDATE lookup_table SET version = $2, row_count = $3, updated_at = now() WHERE id = $1', [
        id,
        version,
        rowCount,
      ])
      await appendAudit(tx, entryOf('lookup_table.updated', scope, replaced, who))
    }),

  giveUp: async ({ projectId }, version) => {
    // Also when it was dropped before: rows may have come after.
    await control.rows(
      `UPDATE lookup_upload SET state = 'retired' WHERE version = $1 AND project_id = $2 AND state <> 'current'`,
      [version, projectId],
    )
  },

  // An upload that is given up here can no longer be finished: its state is changed before its rows go.
  retired: async (regionId) => {
    const found = await control.rows<{ version: string }>(
      `UPDATE lookup_upload u SET state = 'retired' FROM project p WHERE p.id = u.project_id AND p.region = $1
         AND (u.state = 'retired' OR (u.state = 'loading' AND u.started_at < now() - ${longestUpload}))
       RETURNING u.version`,
      [regionId],
    )
    return found.map(({ version }) => version)
  },

  dropped: async (versions) => {
    await control.rows(
      `UPDATE lookup_upload SET state = 'dropped' WHERE version = ANY($1::uuid[]) AND state = 'retired'`,
      [versions],
    )
  },
})

export const tooManyRows = (rowCountMax: number): InvalidRequest =>
  new InvalidRequest(`the lookup tables of a project may have at most ${rowCountMax} rows together`)

const entryOf = (
  type: AuditEventType,
  { projectId }: ProjectScope,
  { id, name }: LookupTable,
  who: Who,
): AuditEntry => ({
  ...who,
  type,
  projectId,
  target: { type: 'lookup_table', id, name },
})

/** What changes tables of one project happens one after the other, on any server. */
const lockTables = async (tx: ControlTx, { projectId }: ProjectScope): Promise<void> => {
  await tx.rows(`SELECT pg_advisory_xact_lock(hashtextextended('lookup tables ' || $1::text, 20))`, [projectId])
}

const findTable = async (
  tx: ControlTx,
  { projectId }: ProjectScope,
  id: string,
): Promise<LookupTable & { readonly version: string | null }> => {
  // What is no UUID would be an error of the store.
  if (!uuid.test(id)) throw new NoSuchLookupTable(id)
  const [found] = await tx.rows<LookupTable & { readonly version: string | null }>(
    'SELECT id, name, version FROM lookup_table WHERE id = $1 AND project_id = $2',
    [id, projectId],
  )
  if (found === undefined) throw new NoSuchLookupTable(id)
  return found
}

const rowCountBeside = async (tx: ControlTx, { projectId }: ProjectScope, id: string): Promise<number> => {
  const [sum] = await tx.rows<{ row_count: string }>(
    'SELECT coalesce(sum(row_count), 0) AS row_count FROM lookup_table WHERE project_id = $1 AND id <> $2',
    [projectId, id],
  )
  return Number(sum?.row_count ?? 0)
}

/** Refuses when the last 24 hours are used up; forgets uploads that neither count nor hold rows any longer. */
const countUpload = async (tx: ControlTx, { projectId }: ProjectScope, uploadCountMax: number): Promise<void> => {
  await tx.rows(
    `DELETE FROM lookup_upload WHERE project_id = $1 AND state = 'dropped' AND started_at <= now() - interval '1 day'`,
    [projectId],
  )
  const [used] = await tx.rows<{ count: number; wait_seconds: number | null }>(
    `SELECT count(*)::int AS count,
            ceil(extract(epoch FROM min(started_at) + interval '1 day' - now()))::int AS wait_seconds
     FROM lookup_upload WHERE project_id = $1 AND started_at > now() - interval '1 day'`,
    [projectId],
  )
  if ((used?.count ?? 0) < uploadCountMax) return
  throw new RateLimited(
    'Project exceeded rate limits. Please retry the request with exponential backoff.',
    Math.max(1, used?.wait_seconds ?? 1),
  )
}
