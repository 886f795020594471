import type { FunnelStep } from '../../reports/index.ts'
import { emptyTally, stepResults, type Tally, worstStep } from '../domain/funnel/tally.ts'
import { customEventOf } from './plan-funnel.ts'
import type { FunnelAnswer } from './run-funnel.ts'

/** The steps of one funnel as the public API writes them (query §2.2). */
export const stepsOf = (steps: readonly FunnelStep[], tally: Tally): readonly object[] =>
  stepResults(tally).map((result, at) => {
    const { event = '', label } = steps[at] ?? {}
    return {
      count: result.count,
      avg_time: result.avgTime,
      avg_time_from_start: result.avgTimeFromStart,
      step_conv_ratio: result.stepConversion,
      goal: event,
      ...(label === undefined ? {} : { step_label: label }),
      ...customEventOf(event),
      overall_conv_ratio: result.overallConversion,
      event,
    }
  })

const analysisOf = (tally: Tally) => ({
  completion: tally.counts.at(-1) ?? 0,
  starting_amount: tally.counts[0] ?? 0,
  steps: tally.counts.length,
  worst: worstStep(tally),
})

/** By date: the steps; with a breakdown the steps of each value that somebody entered with, and of `$overall`. */
export const shapeFunnel = (steps: readonly FunnelStep[], dates: readonly string[], answer: FunnelAnswer) => {
  const { all, byKey } = answer
  const none = emptyTally(steps.length)
  const ofDate = (date: string): object => {
    const tally = all.get(date) ?? none
    if (byKey === null) return { steps: stepsOf(steps, tally), analysis: analysisOf(tally) }
    const keyed = [...byKey].flatMap(([key, tallies]) => {
      const own = tallies.get(date)
      return own === undefined ? [] : [[key, stepsOf(steps, own)] as const]
    })
    return Object.fromEntries([['$overall', stepsOf(steps, tally)], ...keyed])
  }
  return { meta: { dates }, data: Object.fromEntries(dates.map((date) => [date, ofDate(date)])) }
}
