import { createBinder } from '../compile/sql-context.ts'
import { wholeNumber } from '../http/parameters.ts'
import type { Endpoint } from '../http/query-route.ts'
import { profileRows } from './profile-rows.ts'
import { engageFilter } from './request.ts'
import { type ResolveFilterDeps, resolveFilter } from './resolve-filter.ts'

const typeSql = `multiIf(v IN ('true', 'false'), 'boolean', startsWith(v, '"'), 'string', startsWith(v, '['), 'list',
  startsWith(v, '{'), 'object', v = 'null', 'null', 'number')`

/** GET /engage/properties: which properties profiles have, the most common first, and of which type they mostly are. */
export const engagePropertiesEndpoint = (deps: ResolveFilterDeps): Endpoint => ({
  name: 'engage/properties',
  permission: 'query:read',
  handle: async (call) => {
    const limit = wholeNumber(call.params, 'limit', 1, 10_000) ?? 255
    const filter = await resolveFilter(deps, call, engageFilter(call.params))
    const { view, run } = call
    const binder = createBinder(view)
    const found = await run.rows<{ name: string; n: number; type: string }>(
      view,
      binder,
      `SELECT name, count() AS n, topK(1)(${typeSql})[1] AS type
       FROM (SELECT arrayJoin(p.properties) AS property, property.1 AS name, property.2 AS v ${profileRows(view, binder, filter).source})
       WHERE name NOT IN ${binder.bind(view.names.hiddenProfileProperties, 'Array(String)')}
       GROUP BY name ORDER BY n DESC, name LIMIT ${binder.bind(limit, 'UInt32')}`,
    )
    const results = Object.fromEntries(found.map(({ name, n, type }) => [name, { count: n, type }]))
    return { json: { results, status: 'ok' } }
  },
})
