import { Overloaded } from '../../../kernel/errors.ts'
import type { RegionDb } from '../../../platform/clickhouse/region-db.ts'
import { hiddenIdsSql } from '../../identity/index.ts'
import { createBinder } from '../compile/sql-context.ts'
import type { ReadView } from '../read-view.ts'
import type { Run, RunLimits } from '../run.ts'
import { profileRows, type ResolvedFilter } from './profile-rows.ts'
import { type EngageSessions, newSessionId } from './sessions.ts'

export interface SnapshotDeps {
  readonly regionDb: (regionId: string) => RegionDb
  readonly sessions: EngageSessions
  readonly limits: RunLimits
}

/** Who is on the pages: position and id, by position. */
export interface PageRow {
  readonly position: number
  readonly id: string
  /** What the person did before is being erased; a profile of later is seen all the same. */
  readonly isHidden: boolean
}

export interface Wanted {
  readonly filter: ResolvedFilter
  /** SQL after ORDER BY, of rows of ProfileRows, compiled by the binder at hand. */
  readonly orderBy: (rows: ReturnType<typeof profileRows>) => string
  readonly countMax: number | null
}

const attemptCountMax = 3

/**
 * Writes down who is on the pages of a question, in the engine: no id passes through here. An erasure that starts or
 * ends meanwhile may have missed what was being copied: then the copy is taken back and made anew.
 */
export const takeSnapshot = async (
  deps: SnapshotDeps,
  view: ReadView,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<{ readonly sessionId: string; readonly total: number }> => {
  const db = deps.regionDb(view.scope.regionId)
  for (let attempt = 0; attempt < attemptCountMax; attempt += 1) {
    const sessionId = newSessionId(view.nowMs)
    const epoch = await deps.sessions.erasureEpoch(view.scope)
    await copyIds(db, deps.limits, view, wanted, sessionId, signal)
    if ((await deps.sessions.erasureEpoch(view.scope)) === epoch) {
      return { sessionId, total: await countIds(db, view, sessionId, signal) }
    }
    await dropSnapshot(db, view, sessionId)
  }
  throw new Overloaded('people are being erased at this moment; send this again')
}

const copyIds = async (
  db: RegionDb,
  limits: RunLimits,
  view: ReadView,
  { filter, orderBy, countMax }: Wanted,
  sessionId: string,
  signal: AbortSignal,
): Promise<void> => {
  const binder = createBinder(view)
  const rows = profileRows(view, binder, filter)
  const [person, group] = filter.groupKey === null ? ['distinct_id', `''`] : [`''`, 'distinct_id']
  const limit = countMax === null ? '' : `LIMIT ${binder.bind(countMax, 'UInt64')}`
  await db.command(
    `INSERT INTO ${db.table('engage_page_row').read} (project_id, session_id, position, distinct_id, group_id)
     SELECT {projectId:UInt64}, ${binder.bind(sessionId, 'String')}, position - 1, ${person}, ${group} FROM (
       SELECT p.distinct_id AS distinct_id, row_number() OVER (ORDER BY ${orderBy(rows)}) AS position ${rows.source}
     ) ORDER BY position ${limit}`,
    {
      params: binder.params,
      settings: { max_memory_usage: limits.memoryBytesMax, max_execution_time: Math.ceil(limits.timeoutMs / 1_000) },
      timeoutMs: limits.timeoutMs + 5_000,
      signal,
    },
  )
}

const countIds = async (db: RegionDb, view: ReadView, sessionId: string, signal: AbortSignal): Promise<number> => {
  const [row] = await db.rows<{ n: string }>(
    `SELECT count() AS n FROM ${db.table('engage_page_row').read}
     WHERE project_id = {projectId:UInt64} AND session_id = {sessionId:String}`,
    { params: { projectId: view.scope.projectId, sessionId }, signal },
  )
  return Number(row?.n ?? 0)
}

const dropSnapshot = async (db: RegionDb, view: ReadView, sessionId: string): Promise<void> => {
  const { local, onCluster } = db.table('engage_page_row')
  await db.command(
    `ALTER TABLE ${local}${onCluster} DELETE
     WHERE project_id = {projectId:UInt64} AND session_id = {sessionId:String}`,
    { params: { projectId: view.scope.projectId, sessionId }, settings: { mutations_sync: 2 } },
  )
}

/** Up to `countMax` ids from a position on. */
export const snapshotIds = async (
  run: Run,
  view: ReadView,
  sessionId: string,
  fromPosition: number,
  countMax: number,
): Promise<readonly PageRow[]> => {
  const binder = createBinder(view)
  const rows = await run.rows<{ position: number; id: string; is_hidden: number }>(
    view,
    binder,
    `SELECT position, if(group_id = '', distinct_id, group_id) AS id, distinct_id IN (${hiddenIdsSql}) AS is_hidden
     FROM engage_page_row
     WHERE project_id = {projectId:UInt64} AND session_id = ${binder.bind(sessionId, 'String')}
       AND position >= ${binder.bind(fromPosition, 'UInt64')}
     ORDER BY position LIMIT ${binder.bind(countMax, 'UInt32')}`,
  )
  return rows.map(({ position, id, is_hidden }) => ({ position, id, isHidden: is_hidden === 1 }))
}
