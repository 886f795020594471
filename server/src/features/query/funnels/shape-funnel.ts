import { InvalidRequest } from '../../../kernel/errors.ts'
import type { FunnelDefinition, FunnelStep } from '../../reports/index.ts'
import { type Conversion, type Significance, significanceOf } from '../domain/funnel/significance.ts'
import { durationOf, emptyTally, stepResults, type Tally, worstStep } from '../domain/funnel/tally.ts'
import { customEventOf } from './plan-funnel.ts'
import type { FunnelAnswer } from './run-funnel.ts'

/** What of a definition says how its answer looks. */
export interface ShownFunnel extends Pick<FunnelDefinition, 'sum_property' | 'time_to_convert' | 'significance'> {
  readonly steps: readonly FunnelStep[]
}

/** The steps of one funnel as the public API writes them (query §2.2), with what was asked for beside. */
const stepsOf = (funnel: ShownFunnel, tally: Tally): readonly object[] =>
  stepResults(tally).map((result, at) => {
    const { event = '', label } = funnel.steps[at] ?? {}
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
      ...(funnel.sum_property === undefined ? {} : { property_sum: tally.sums?.[at] ?? 0 }),
      ...(funnel.time_to_convert === undefined || at === 0
        ? {}
        : timesOf(funnel.time_to_convert.percentiles, tally, at)),
    }
  })

const timesOf = (percentiles: readonly number[], { durations }: Tally, step: number) => ({
  time_to_convert: durationOf(durations?.sincePreviousMs[step] ?? [], percentiles),
  time_to_convert_from_start: durationOf(durations?.sinceStartMs[step] ?? [], percentiles),
})

const analysisOf = (tally: Tally) => ({
  completion: tally.counts.at(-1) ?? 0,
  starting_amount: tally.counts[0] ?? 0,
  steps: tally.counts.length,
  worst: worstStep(tally),
})

const conversionOf = ({ counts }: Tally): Conversion => ({
  entries: counts[0] ?? 0,
  conversions: counts.at(-1) ?? 0,
})

/** Of each value against all, or against the control and itself together. */
const significanceByKey = (
  control: string | undefined,
  all: Tally,
  keyed: readonly (readonly [key: string, tally: Tally])[],
): Readonly<Record<string, Significance | null>> => {
  const found = keyed.find(([key]) => key === control)
  const none: Conversion = { entries: 0, conversions: 0 }
  const against = control === undefined ? conversionOf(all) : found === undefined ? none : conversionOf(found[1])
  return Object.fromEntries(
    keyed
      .filter(([key]) => key !== control)
      .map(([key, tally]) => {
        const own = conversionOf(tally)
        const together = {
          entries: against.entries + own.entries,
          conversions: against.conversions + own.conversions,
        }
        return [key, significanceOf(control === undefined ? against : together, against, own)]
      }),
  )
}

/** By date: the steps; with a breakdown the steps of each value that somebody entered with, and of `$overall`. */
export const shapeFunnel = (funnel: ShownFunnel, dates: readonly string[], answer: FunnelAnswer) => {
  const { all, byKey } = answer
  const { significance } = funnel
  if (significance !== undefined && byKey === null) {
    throw new InvalidRequest('significance needs a breakdown, or events that are compared')
  }
  const none = emptyTally(funnel.steps.length)
  const ofDate = (date: string): object => {
    const tally = all.get(date) ?? none
    if (byKey === null) return { steps: stepsOf(funnel, tally), analysis: analysisOf(tally) }
    const keyed = [...byKey].flatMap(([key, tallies]) => {
      const own = tallies.get(date)
      return own === undefined ? [] : [[key, own] as const]
    })
    return Object.fromEntries([
      ['$overall', stepsOf(funnel, tally)],
      ...(significance === undefined
        ? []
        : [['$significance', significanceByKey(significance.control, tally, keyed)] as const]),
      ...keyed.map(([key, own]) => [key, stepsOf(funnel, own)] as const),
    ])
  }
  return { meta: { dates }, data: Object.fromEntries(dates.map((date) => [date, ofDate(date)])) }
}
