import { InvalidRequest } from '../../../kernel/errors.ts'
import type { RegionDb } from '../../../platform/clickhouse/region-db.ts'
import { canonicalIds, createClusterStore } from '../../identity/index.ts'
import { createEventContext, eventSource } from '../compile/event-source.ts'
import { createBinder } from '../compile/sql-context.ts'
import { rangeOfDays } from '../domain/time/buckets.ts'
import { dayRange, requiredText, textList } from '../http/parameters.ts'
import type { Endpoint } from '../http/query-route.ts'

export interface StreamDeps {
  readonly regionDb: (regionId: string) => RegionDb
}

// An answer is held once as text. Who asks for more is told, and gets nothing silently cut off.
const eventCountMax = 50_000

/** QRY-09: what given people did, oldest first, each event once; any id of a person stands for all of them. */
export const streamEndpoint = ({ regionDb }: StreamDeps): Endpoint => ({
  name: 'stream/query',
  permission: 'events:export',
  handle: async ({ params, view, run, request }) => {
    requiredText(params, 'distinct_ids')
    const asked = textList(params, 'distinct_ids') ?? []
    const days = dayRange(params)
    const db = regionDb(view.scope.regionId)
    const ids = view.identity !== 'none' ? await createClusterStore(db).expand(view.scope, asked) : asked
    const people =
      view.identity !== 'none'
        ? // An id as itself too: events from before it became an alias stay its own (identity §5).
          [...new Set([...asked, ...(await canonicalIds(db, view.scope, asked, request.signal)).values()])]
        : asked
    const binder = createBinder(view)
    const context = createEventContext(view, binder)
    const source = eventSource(view, binder, context, {
      range: rangeOfDays(view.timezone, days),
      events: null,
      where: [
        `e.distinct_id IN ${binder.bind(ids, 'Array(String)')}`,
        `${context.person} IN ${binder.bind(people, 'Array(String)')}`,
        `${context.person} != ''`,
      ],
    })
    const rows = await run.rows<{ line: string }>(
      view,
      binder,
      `SELECT ${lineSql(context.person)} AS line ${source}
       ORDER BY e.time, e.ingested_at, e.insert_id LIMIT ${binder.bind(eventCountMax + 1, 'UInt32')}`,
      { isByPerson: view.dataView === null },
    )
    if (rows.length > eventCountMax) {
      throw new InvalidRequest(`more than ${eventCountMax} events; ask for fewer days or fewer people`)
    }
    const events = rows.map(({ line }) => line).join(',')
    return {
      status: 200,
      headers: { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' },
      // The events are JSON text of the engine, and go out as they are.
      body: `{"status":"ok","results":{"events":[${events}]}}`,
    }
  },
})

// Examples of the public documents name the person by either key.
const own = `('time', 'distinct_id', '$distinct_id', '$insert_id')`

const lineSql = (person: string): string => `concat(
  '{"event":', toJSONString(e.event), ',"properties":{"time":', toString(intDiv(toUnixTimestamp64Milli(e.time), 1000)),
  ',"distinct_id":', toJSONString(${person}), ',"$distinct_id":', toJSONString(${person}),
  ',"$insert_id":', toJSONString(e.insert_id),
  arrayStringConcat(arrayMap((name, value) -> if(name IN ${own}, '', concat(',', toJSONString(name), ':', value)),
    mapKeys(e.properties), mapValues(e.properties))), '}}')`
