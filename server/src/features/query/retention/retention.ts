import { InvalidRequest } from '../../../kernel/errors.ts'
import { selectionOf } from '../compile/match.ts'
import { parseExpression } from '../domain/expression/parse.ts'
import { evenEnds } from '../domain/retention/intervals.ts'
import type { Cohort } from '../domain/retention/retention.ts'
import { type Buckets, bucketsOfDays, keyOfBucket } from '../domain/time/buckets.ts'
import { dayRange, oneOf, oneText, optionalText, wholeNumber, yesOrNo } from '../http/parameters.ts'
import type { Endpoint, QueryCall } from '../http/query-route.ts'
import { limitOf, onOf, whereOf } from '../http/question.ts'
import type { Definitions } from '../ports.ts'
import type { RetentionPlan, ReturnBreakdown } from './retention-sql.ts'
import { type RetentionAnswer, runRetention } from './run-retention.ts'

const dayMs = 86_400_000
/** Intervals roll from the own event of birth: a week is 7 × 24 hours, a month 30 × 24 (query §8). */
export const retentionUnitMs = { day: dayMs, week: 7 * dayMs, month: 30 * dayMs } as const
export const retentionUnits = ['day', 'week', 'month'] as const
type Unit = (typeof retentionUnits)[number]

const intervalDaysMax = 90
const intervalCountMax = 366
const defaultKeyCount = 255

/** QRY-04: of those who did one event, how many came back for another, by when they did the first. */
export const retention = (deps: { readonly definitions: Definitions }): Endpoint => ({
  name: 'retention',
  handle: async (call) => {
    const plan = await planOf(deps, call)
    return { json: shapeOf(plan, await runRetention(call, plan)) }
  },
})

const planOf = async ({ definitions }: { definitions: Definitions }, call: QueryCall): Promise<RetentionPlan> => {
  const { params, view } = call
  const type = oneOf(params, 'retention_type', ['birth', 'compounded'], 'birth')
  const unit = oneOf(params, 'unit', retentionUnits, 'day')
  const buckets = bucketsOfDays(view.timezone, dayRange(params), unit)
  const unitMs = intervalUnits(call, unit) * retentionUnitMs[unit]
  const bornWhereText = optionalText(params, 'born_where')
  const bornWhere = bornWhereText === undefined ? null : parseExpression(bornWhereText)
  const selected = (name: string) => selectionOf(definitions, view, oneText(params, name))
  const bornEvent = type === 'compounded' ? 'event' : 'born_event'
  if (type === 'birth' && optionalText(params, 'born_event') === undefined) {
    throw new InvalidRequest('born_event is required (unless retention_type is compounded)')
  }
  const where = whereOf(params)
  const on = onOf(params)
  const limit = limitOf(params, defaultKeyCount)
  const by: ReturnBreakdown | null = on === null ? null : { on, of: 'return', limit }
  const isSent = (name: string): boolean => optionalText(params, name) !== undefined
  return {
    type,
    buckets,
    intervals: {
      clock: { kind: 'rolling', unitMs },
      // Beside the asked ones there is the one that begins with birth.
      ends: evenEnds((wholeNumber(params, 'interval_count', 1, intervalCountMax) ?? 1) + 1),
    },
    criterion: yesOrNo(params, 'unbounded_retention', false) ? 'on-or-after' : 'on',
    birth: {
      selection: isSent(bornEvent) ? await selected(bornEvent) : null,
      // Compounded: one event is both, and its filter as well.
      where: type === 'compounded' ? where : bornWhere,
    },
    return: { selection: isSent('event') ? await selected('event') : null, where },
    by,
    entity: null,
    sumOf: null,
  }
}

const intervalUnits = ({ params }: QueryCall, unit: Unit): number =>
  wholeNumber(params, 'interval', 1, Math.floor((intervalDaysMax * dayMs) / retentionUnitMs[unit])) ?? 1

const wireOf = ({ counts, first }: Pick<Cohort, 'counts' | 'first'>) => ({ counts, first })

const shapeOf = ({ buckets, intervals: { ends } }: RetentionPlan, { all, byKey }: RetentionAnswer): object => {
  const none = { counts: ends.map(() => 0), first: 0 }
  const keyed = byKey === null ? null : keysByDate(buckets, byKey)
  const byDate = new Map([...(all?.values() ?? [])].map((cohort) => [keyOfBucket(buckets, cohort.bucket), cohort]))
  return Object.fromEntries(
    buckets.keys.map((date) => [
      date,
      keyed === null ? wireOf(byDate.get(date) ?? none) : Object.fromEntries(keyed.get(date) ?? []),
    ]),
  )
}

const keysByDate = (buckets: Buckets, byKey: NonNullable<RetentionAnswer['byKey']>) => {
  const found = new Map<string, (readonly [key: string, cohort: object])[]>()
  for (const [key, cohorts] of byKey) {
    for (const cohort of cohorts.values()) {
      const date = keyOfBucket(buckets, cohort.bucket)
      found.set(date, [...(found.get(date) ?? []), [key, wireOf(cohort)]])
    }
  }
  return found
}
