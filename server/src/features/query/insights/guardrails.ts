import { InvalidRequest } from '../../../kernel/errors.ts'
import { dayMs } from '../../../kernel/time.ts'
import type { InsightsPlan } from './metric-plan.ts'

/** How much one report may ask for (reports §2); every one is a setting. */
export interface Guardrails {
  /** Days of a chart by the hour, or by the minute. */
  readonly hourlyDaysMax: number
  /** Days of a chart by the day. */
  readonly dailyDaysMax: number
  /** Days of a metric of any event. */
  readonly anyEventDaysMax: number
  /** Intervals of a cohort's size: each is a question of its own. */
  readonly cohortIntervalsMax: number
}

/** Throws InvalidRequest, with the bound in the text. */
export const refuseTooMuch = (guardrails: Guardrails, plans: readonly InsightsPlan[]): void => {
  for (const plan of plans) {
    const { buckets, isWhole } = plan
    // A day may have an hour more.
    const dayCount = Math.floor((buckets.range.toMs - buckets.range.fromMs) / dayMs)
    const refuse = (what: string, count: number, max: number, of: string): void => {
      if (count > max) throw new InvalidRequest(`a report ${what} is of at most ${max} ${of}, not ${count}`)
    }
    const isByClock = buckets.unit === 'hour' || buckets.unit === 'minute'
    if (!isWhole && isByClock) refuse(`by the ${buckets.unit}`, dayCount, guardrails.hourlyDaysMax, 'days')
    if (!isWhole && buckets.unit === 'day') refuse('by the day', dayCount, guardrails.dailyDaysMax, 'days')
    if (plan.kind === 'events' && plan.match.selection === null)
      refuse('of any event', dayCount, guardrails.anyEventDaysMax, 'days')
    if (plan.kind === 'cohort' && !isWhole)
      refuse('of cohorts', buckets.keys.length, guardrails.cohortIntervalsMax, 'intervals')
  }
}
