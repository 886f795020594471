import { dayMs } from '../../kernel/time.ts'
import { compileFilter, createBinder, createEventContext, eventSource, type QueryCall } from '../query/index.ts'
import { type Cursor, cursorAfter, type FeedRequest } from './feed-request.ts'
import type { Cluster } from './person-cluster.ts'

/** One event as it goes out, but for its properties, which are JSON text of the engine. */
export interface FeedRow {
  readonly event: string
  readonly time: number
  readonly distinct_id: string
  readonly sent_distinct_id: string
  readonly insert_id: string
  readonly received: number
  readonly properties: string
}

export interface Feed {
  readonly rows: readonly FeedRow[]
  /** Where the next older rows begin; null when there are none. */
  readonly older: string | null
}

// Clocks of devices run ahead of ours, and imports may say tomorrow: the newest is looked for from there on.
const aheadMs = dayMs
// Most feeds are full with the events of an hour: only who has few asks for all of them. What a condition leaves is mostly less.
const spansMs = [3_600_000, dayMs, 30 * dayMs, null] as const
const spansOfConditionMs = [dayMs, null] as const

/**
 * RPT-13: the newest events that meet a request, newest first, each once, as anybody may see them now. Rows of one
 * instant keep their order from page to page. With several names, the newest of each name and no older page.
 */
export const readFeed = async (call: QueryCall, asked: FeedRequest, cluster: Cluster | null): Promise<Feed> => {
  const { before, events, where, limit } = asked
  const isOfEach = events !== null && events.length > 1
  const toMs = before === null ? call.view.nowMs + aheadMs : before.timeMs + 1
  const wide = where === null ? spansMs : spansOfConditionMs
  const spans = cluster === null && !isOfEach ? wide : ([null] as const)
  for (const spanMs of spans) {
    const fromMs = spanMs === null ? 0 : Math.max(0, toMs - spanMs - (before === null ? aheadMs : 0))
    const rows = await readRows(call, asked, cluster, { fromMs, toMs })
    if (rows.length >= limit || spanMs === null) {
      return { rows, older: isOfEach || rows.length < limit ? null : olderThan(rows, before) }
    }
  }
  return { rows: [], older: null }
}

const readRows = (
  { view, run }: QueryCall,
  { events, where, before, limit }: FeedRequest,
  cluster: Cluster | null,
  range: { readonly fromMs: number; readonly toMs: number },
): Promise<readonly FeedRow[]> => {
  const binder = createBinder(view)
  const context = createEventContext(view, binder)
  const ofPerson =
    cluster === null
      ? []
      : [
          `e.distinct_id IN ${binder.bind(cluster.ids, 'Array(String)')}`,
          `${context.person} = ${binder.bind(cluster.distinctId, 'String')}`,
        ]
  // Of one person everything is shown, whatever the lexicon hides from lists.
  const isListed = events === null && cluster === null ? context.isListed : null
  const conditions = [
    ...(where === null ? [] : [compileFilter(where, context)]),
    ...(isListed === null ? [] : [isListed]),
  ]
  const source = eventSource(view, binder, context, { range, events, where: [...ofPerson, ...conditions] })
  const offset = before === null ? 0 : before.seenCount
  const several = events !== null && events.length > 1
  return run.rows<FeedRow>(
    view,
    binder,
    `SELECT e.event AS event, toUnixTimestamp64Milli(e.time) AS time, ${context.person} AS distinct_id,
       e.distinct_id AS sent_distinct_id, e.insert_id AS insert_id,
       intDiv(toUnixTimestamp64Micro(e.ingested_at), 1000) AS received, ${propertiesSql} AS properties ${source}
     ORDER BY e.time DESC, e.ingested_at DESC, e.insert_id DESC, e.event
     LIMIT ${binder.bind(limit, 'UInt32')} ${several ? 'BY e.event' : `OFFSET ${binder.bind(offset, 'UInt32')}`}`,
    { isByPerson: cluster !== null && where === null && events === null && view.dataView === null },
  )
}

const propertiesSql = `concat('{', arrayStringConcat(arrayMap((name, value) -> concat(toJSONString(name), ':', value),
  mapKeys(e.properties), mapValues(e.properties)), ','), '}')`

const olderThan = (rows: readonly FeedRow[], before: Cursor | null): string | null => {
  const last = rows.at(-1)
  if (last === undefined) return null
  const sameTimeCount = rows.filter(({ time }) => time === last.time).length
  const earlierCount = before?.timeMs === last.time ? before.seenCount : 0
  return cursorAfter({ timeMs: last.time, seenCount: sameTimeCount + earlierCount })
}

/** The properties go out as they came in: numbers keep their digits. */
export const feedRowText = ({ properties, ...row }: FeedRow): string =>
  `${JSON.stringify(row).slice(0, -1)},"properties":${properties}}`
