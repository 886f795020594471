import type { Reply } from '../../http/route.ts'
import { InvalidRequest } from '../../kernel/errors.ts'
import {
  countProfiles,
  createBinder,
  engageRequest,
  optionalText,
  profileLineSql,
  profileOrder,
  profileRows,
  type QueryCall,
  type ResolvedFilter,
  type ResolveFilterDeps,
  resolveFilter,
  textList,
  yesOrNo,
} from '../query/index.ts'
import { csvLine, csvValue } from './domain/csv-line.ts'

// What a screen shows. Larger answers are downloads, and are written down as such.
const pageSizeMax = 200
const pageSizeDefault = 50
const columnCountMax = 200

type Asked = ReturnType<typeof engageRequest>

const filterOf = async (deps: ResolveFilterDeps, call: QueryCall, asked: Asked): Promise<ResolvedFilter> => {
  if (asked.behaviors.length > 0 || asked.dataGroup !== null) {
    throw new InvalidRequest('behaviors and data_group_id are for /api/query/engage')
  }
  const filter = await resolveFilter(deps, call, asked)
  return { ...filter, includesAllUsers: yesOrNo(call.params, 'include_all_users', false) }
}

/**
 * RPT-05: a page of people as they are now, by the parameters of /engage: `search`, `where`, `filter_by_cohort`,
 * `sort_key`, `sort_order`, `output_properties`, `page`, `page_size`. `include_all_users`: also those without a profile.
 */
export const listPeople = async (deps: ResolveFilterDeps, call: QueryCall): Promise<Reply> => {
  const asked = engageRequest(call.params)
  const isSaid = optionalText(call.params, 'page_size') !== undefined
  const pageSize = isSaid ? Math.min(asked.pageSize, pageSizeMax) : pageSizeDefault
  const filter = await filterOf(deps, call, asked)
  const total = await countProfiles(call, filter)
  const { view, run } = call
  const binder = createBinder(view)
  const rows = profileRows(view, binder, filter)
  const found = await run.rows<{ line: string }>(
    view,
    binder,
    `SELECT ${profileLineSql(binder, asked.outputProperties)} AS line ${rows.source}
     ORDER BY ${profileOrder(asked)(rows)}
     LIMIT ${binder.bind(pageSize, 'UInt64')} OFFSET ${binder.bind(asked.page * pageSize, 'UInt64')}`,
  )
  const rest = { status: 'ok', page: asked.page, page_size: pageSize, total }
  return {
    status: 200,
    headers: { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' },
    // The profiles are JSON text of the engine, and go out as they are.
    body: `${JSON.stringify(rest).slice(0, -1)},"results":[${found.map(({ line }) => line).join(',')}]}`,
  }
}

/** The same people, all of them, as CSV: `$distinct_id` and the properties of `output_properties`, a line each. */
export const peopleCsv = async (deps: ResolveFilterDeps, call: QueryCall): Promise<AsyncIterable<Buffer>> => {
  const columns = textList(call.params, 'output_properties') ?? []
  if (columns.length > columnCountMax) throw new InvalidRequest(`at most ${columnCountMax} columns`)
  const asked = engageRequest(call.params)
  const filter = await filterOf(deps, call, asked)
  return csvOf(call, asked, filter, columns)
}

async function* csvOf({ view, run }: QueryCall, asked: Asked, filter: ResolvedFilter, columns: readonly string[]) {
  const binder = createBinder(view)
  const rows = profileRows(view, binder, filter)
  const values = columns.map((name) => `p.properties[${binder.bind(name, 'String')}]`)
  const found = run.each<readonly string[]>(
    view,
    binder,
    `SELECT ${['toJSONString(p.distinct_id)', ...values].join(', ')} ${rows.source}
     ORDER BY ${profileOrder(asked)(rows)}`,
  )
  // With the first row, so that a question that cannot be answered is still a status.
  let head = csvLine(['$distinct_id', ...columns])
  for await (const row of found) {
    yield Buffer.from(head + csvLine(row.map(csvValue)))
    head = ''
  }
  if (head !== '') yield Buffer.from(head)
}
