import type { Reply } from '../../../http/route.ts'
import { assert } from '../../../kernel/errors.ts'
import type { SavedReports } from '../../reports/index.ts'
import { createBinder } from '../compile/sql-context.ts'
import { UncachedQuery } from '../errors.ts'
import type { Endpoint, QueryCall } from '../http/query-route.ts'
import { expressionSql, type ProfileRows, profileLineSql, profileRows, type ResolvedFilter } from './profile-rows.ts'
import { type EngageRequest, engageRequest } from './request.ts'
import { type ResolveFilterDeps, resolveFilter } from './resolve-filter.ts'
import { type EngageSession, newSessionId } from './sessions.ts'
import { type SnapshotDeps, snapshotIds, takeSnapshot } from './snapshot.ts'

export interface EngageDeps extends ResolveFilterDeps, SnapshotDeps {
  readonly saved: ResolveFilterDeps['saved'] & Pick<SavedReports, 'cohortCounted'>
}

/**
 * QRY-11…13. The first page of a question writes down who is on all of them, so that later pages, at whatever server,
 * show the same people in the same order. Whoever is hidden or erased since is on none of them, and the page is filled
 * with those that follow: a short page means the last one to clients (clients A5).
 */
export const engageEndpoint = (deps: EngageDeps): Endpoint => ({
  name: 'engage',
  permission: 'profiles:export',
  handle: async (call) => {
    const request = engageRequest(call.params)
    if (request.page > 0 && request.sessionId !== null) return pageOfSession(deps, call, request, request.sessionId)
    if (request.page > 0 && request.behaviors.length > 0 && request.asOfMs === null) throw new UncachedQuery()
    const filter = await resolveFilter(deps, call, request)
    return request.page > 0 ? pageByItself(call, request, filter) : firstPage(deps, call, request, filter)
  },
})

interface Page {
  readonly page: number
  readonly pageSize: number
  readonly sessionId: string
  readonly total: number
  readonly lines: readonly string[]
}

const replyOf = ({ page, pageSize, sessionId, total, lines }: Page): Reply => {
  const rest = { page, page_size: pageSize, session_id: sessionId, status: 'ok', total }
  return {
    status: 200,
    headers: { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' },
    // The profiles are JSON text of the engine, and go out as they are.
    body: `${JSON.stringify(rest).slice(0, -1)},"results":[${lines.join(',')}]}`,
  }
}

/** SQL after ORDER BY. */
export const profileOrder =
  ({ sort }: Pick<EngageRequest, 'sort'>) =>
  ({ context }: ProfileRows): string => {
    if (sort === null) return 'p.distinct_id'
    const direction = sort.isDescending ? 'DESC' : 'ASC'
    const keys = (['number', 'string'] as const).map((want) => {
      return `${expressionSql(context, sort.expression, want)} ${direction} NULLS LAST`
    })
    return [...keys, 'p.distinct_id'].join(', ')
  }

/** Lines straight from the profiles as they are now. */
const linesOf = async (
  { view, run }: QueryCall,
  request: EngageRequest,
  filter: ResolvedFilter,
  { offset, limit }: { readonly offset: number; readonly limit: number },
): Promise<readonly string[]> => {
  const binder = createBinder(view)
  const rows = profileRows(view, binder, filter)
  const found = await run.rows<{ line: string }>(
    view,
    binder,
    `SELECT ${profileLineSql(binder, request.outputProperties)} AS line ${rows.source}
     ORDER BY ${profileOrder(request)(rows)}
     LIMIT ${binder.bind(limit, 'UInt64')} OFFSET ${binder.bind(offset, 'UInt64')}`,
  )
  return found.map(({ line }) => line)
}

export const countProfiles = async ({ view, run }: QueryCall, filter: ResolvedFilter): Promise<number> => {
  const binder = createBinder(view)
  const [row] = await run.rows<{ n: number }>(
    view,
    binder,
    `SELECT count() AS n ${profileRows(view, binder, filter).source}`,
  )
  return row?.n ?? 0
}

const atMost = (count: number, countMax: number | null): number =>
  countMax === null ? count : Math.min(count, countMax)

const firstPage = async (
  deps: EngageDeps,
  call: QueryCall,
  request: EngageRequest,
  filter: ResolvedFilter,
): Promise<Reply> => {
  const { view } = call
  const { pageSize, countMax } = request
  const few = await linesOf(call, request, filter, { offset: 0, limit: atMost(pageSize + 1, countMax) })
  const isWhole = few.length <= pageSize
  const wanted = { filter, orderBy: profileOrder(request), countMax }
  const { sessionId, total } = isWhole
    ? { sessionId: newSessionId(view.nowMs), total: few.length }
    : await takeSnapshot(deps, view, wanted, call.request.signal)
  const session: EngageSession = { sessionId, pageSize, total, hasBareIds: filter.includesAllUsers }
  await deps.sessions.create(view.scope, session)
  await noteCohort(deps, call, request, total)
  const lines = isWhole ? few : await linesOfSession(call, request, filter.groupKey, session)
  return replyOf({ page: 0, pageSize, sessionId, total, lines })
}

/** What cohorts/list answers is the last computation, and this was one of the whole cohort. */
const noteCohort = async (
  { saved }: EngageDeps,
  { view, params }: QueryCall,
  { cohortId, includesAllUsers, where, search, distinctIds, countMax }: EngageRequest,
  total: number,
): Promise<void> => {
  const isWhole = where === null && search === null && distinctIds === null && countMax === null
  const isOfAll = (params['workspace_id'] ?? '') === '' && (params['data_group_id'] ?? '') === ''
  if (cohortId !== null && includesAllUsers && isWhole && isOfAll)
    await saved.cohortCounted(view.scope, cohortId, total)
}

const pageOfSession = async (
  deps: EngageDeps,
  call: QueryCall,
  request: EngageRequest,
  sessionId: string,
): Promise<Reply> => {
  const session = await deps.sessions.find(call.view.scope, sessionId)
  if (session === null) throw new UncachedQuery()
  const groupKey = request.dataGroup === null ? null : await deps.groupKey(call.view.scope, request.dataGroup)
  const { pageSize, total } = session
  const lines = await linesOfSession(call, request, groupKey, session)
  return replyOf({ page: request.page, pageSize, sessionId, total, lines })
}

/** The page that begins at its place in the snapshot, filled with whoever follows when some are gone. */
const linesOfSession = async (
  { view, run }: QueryCall,
  request: EngageRequest,
  groupKey: string | null,
  { sessionId, pageSize, hasBareIds }: EngageSession,
): Promise<readonly string[]> => {
  const lines: string[] = []
  let position = request.page * pageSize
  while (lines.length < pageSize) {
    const rows = await snapshotIds(run, view, sessionId, position, pageSize - lines.length)
    const last = rows.at(-1)
    if (last === undefined) break
    const ids = rows.map(({ id }) => id)
    const known = await linesById(run, view, request, groupKey, ids)
    for (const { id, isHidden } of rows) {
      const line = known.get(id) ?? (hasBareIds && !isHidden ? bareLine(id) : null)
      if (line !== null) lines.push(line)
    }
    position = last.position + 1
  }
  return lines
}

const bareLine = (id: string): string => JSON.stringify({ $distinct_id: id, $properties: {} })

const linesById = async (
  run: QueryCall['run'],
  view: QueryCall['view'],
  { outputProperties }: EngageRequest,
  groupKey: string | null,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> => {
  const binder = createBinder(view)
  const filter: ResolvedFilter = {
    ids,
    groupKey,
    where: null,
    alsoWhere: null,
    search: null,
    cohort: null,
    includesAllUsers: false,
    behaviors: [],
    nowMs: 0,
  }
  const found = await run.rows<{ id: string; line: string }>(
    view,
    binder,
    `SELECT p.distinct_id AS id, ${profileLineSql(binder, outputProperties)} AS line
     ${profileRows(view, binder, filter).source}`,
  )
  assert(found.length <= ids.length, 'a profile came twice')
  return new Map(found.map(({ id, line }) => [id, line]))
}

/** A page without a session: as the profiles are now (clients A5). */
const pageByItself = async (call: QueryCall, request: EngageRequest, filter: ResolvedFilter): Promise<Reply> => {
  const { page, pageSize, countMax } = request
  const offset = page * pageSize
  const limit = countMax === null ? pageSize : Math.max(0, Math.min(pageSize, countMax - offset))
  const total = atMost(await countProfiles(call, filter), countMax)
  const lines = await linesOf(call, request, filter, { offset, limit })
  return replyOf({ page, pageSize, sessionId: '', total, lines })
}
