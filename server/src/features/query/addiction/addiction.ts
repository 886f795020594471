import { selectionOf } from '../compile/match.ts'
import { createBinder } from '../compile/sql-context.ts'
import { atLeast } from '../domain/addiction.ts'
import { bucketsOfDays } from '../domain/time/buckets.ts'
import { dayRange, oneOf, oneText, optionalText } from '../http/parameters.ts'
import type { Endpoint, QueryCall } from '../http/query-route.ts'
import { limitOf, onOf, whereOf } from '../http/question.ts'
import type { Definitions } from '../ports.ts'
import { type AddictionPlan, type AddictionRow, addictionSql } from './addiction-sql.ts'

const defaultKeyCount = 255

/** QRY-05: in how many hours or days of a day, week or month people were there. */
export const addiction = (deps: { readonly definitions: Definitions }): Endpoint => ({
  name: 'retention/addiction',
  handle: async (call) => {
    const plan = await planOf(deps, call)
    return { json: { data: shapeOf(plan, await runAddiction(call, plan)) } }
  },
})

const planOf = async (
  { definitions }: { definitions: Definitions },
  { params, view }: QueryCall,
): Promise<AddictionPlan> => {
  const unit = oneOf(params, 'unit', ['day', 'week', 'month'], null)
  const addictionUnit = oneOf(params, 'addiction_unit', ['hour', 'day'], null)
  const buckets = bucketsOfDays(view.timezone, dayRange(params), unit)
  const [where, on, limit] = [whereOf(params), onOf(params), limitOf(params, defaultKeyCount)]
  const isAny = optionalText(params, 'event') === undefined
  const selection = isAny ? null : await selectionOf(definitions, view, oneText(params, 'event'))
  return { match: { selection, where }, buckets, addictionUnit, by: on === null ? null : { on, limit }, entity: null }
}

/** Keys with the most people first; '' alone without a breakdown. */
export const runAddiction = (
  { run, view }: Pick<QueryCall, 'run' | 'view'>,
  plan: AddictionPlan,
): Promise<readonly AddictionRow[]> => {
  const binder = createBinder(view)
  return run.rows<AddictionRow>(view, binder, addictionSql(view, binder, plan))
}

/** By date; with a breakdown by date and value, where values of which a date has nobody are left out. */
export const shapeOf = ({ buckets, addictionUnit, by }: AddictionPlan, rows: readonly AddictionRow[]): object => {
  const lines = rows.map(({ key, points }) => ({ key, byDate: atLeast(buckets, addictionUnit, points) }))
  const ofDate = (date: string) =>
    lines.map(({ key, byDate }) => [key, byDate.get(date) ?? []] as const).filter(([, counts]) => (counts[0] ?? 0) > 0)
  if (by !== null) return Object.fromEntries(buckets.keys.map((date) => [date, Object.fromEntries(ofDate(date))]))
  return Object.fromEntries(lines[0]?.byDate ?? atLeast(buckets, addictionUnit, []))
}
