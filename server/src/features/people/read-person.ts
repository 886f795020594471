import { NotFound } from '../../kernel/errors.ts'
import type { RegionDb } from '../../platform/clickhouse/region-db.ts'
import {
  createBinder,
  createEventContext,
  eventSource,
  profileLineSql,
  profileRows,
  type QueryCall,
  type ResolvedFilter,
} from '../query/index.ts'
import { type Cluster, clusterOf } from './person-cluster.ts'

interface Counted {
  readonly n: number
  readonly first: number
  readonly last: number
}

/**
 * RPT-05: what is known of the person that an id belongs to, as JSON text. Throws NotFound when nobody may see
 * anything of them: an erasure that has started takes the whole page away.
 */
export const readPerson = async (db: RegionDb, call: QueryCall, distinctId: string): Promise<string> => {
  const cluster = await clusterOf(db, call, distinctId)
  const [profile, counted] = await Promise.all([readProfile(call, cluster.distinctId), countEvents(call, cluster)])
  if (profile === null && counted.n === 0) throw new NotFound('nobody of this distinct_id is known here')
  const rest = {
    distinct_id: cluster.distinctId,
    distinct_ids: cluster.ids,
    has_profile: profile !== null,
    event_count: counted.n,
    first_event: counted.n === 0 ? null : counted.first,
    last_event: counted.n === 0 ? null : counted.last,
  }
  return `${JSON.stringify(rest).slice(0, -1)},"properties":${profile ?? '{}'}}`
}

/** The properties as JSON text; null: there is no profile that may be seen. */
const readProfile = async ({ view, run }: QueryCall, distinctId: string): Promise<string | null> => {
  const binder = createBinder(view)
  const filter: ResolvedFilter = {
    ids: [distinctId],
    groupKey: null,
    cohort: null,
    where: null,
    alsoWhere: null,
    search: null,
    includesAllUsers: false,
    behaviors: [],
    nowMs: view.nowMs,
  }
  const { source } = profileRows(view, binder, filter)
  const sql = `SELECT ${profileLineSql(binder, null)} AS line ${source}`
  const [row] = await run.rows<{ line: string }>(view, binder, sql)
  if (row === undefined) return null
  return row.line.slice(row.line.indexOf('"$properties":') + '"$properties":'.length, -1)
}

const countEvents = async ({ view, run }: QueryCall, { distinctId, ids }: Cluster): Promise<Counted> => {
  const binder = createBinder(view)
  const context = createEventContext(view, binder)
  const source = eventSource(view, binder, context, {
    range: null,
    events: null,
    where: [
      `e.distinct_id IN ${binder.bind(ids, 'Array(String)')}`,
      `${context.person} = ${binder.bind(distinctId, 'String')}`,
    ],
  })
  const [row] = await run.rows<Counted>(
    view,
    binder,
    `SELECT count() AS n, toUnixTimestamp64Milli(min(e.time)) AS first, toUnixTimestamp64Milli(max(e.time)) AS last ${source}`,
    { isByPerson: view.dataView === null },
  )
  return row ?? { n: 0, first: 0, last: 0 }
}
