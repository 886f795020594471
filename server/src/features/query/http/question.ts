import { InvalidRequest } from '../../../kernel/errors.ts'
import { type Measure, measures } from '../compile/series.ts'
import type { Expression } from '../domain/expression/nodes.ts'
import { parseBreakdown, parseExpression } from '../domain/expression/parse.ts'
import { type Buckets, bucketsBack, bucketsOfDays, type Unit, units } from '../domain/time/buckets.ts'
import { dayRange, oneOf, optionalText, type Params, requiredText, wholeNumber } from './parameters.ts'

// What several endpoints ask for in the same words.

export const whereOf = (params: Params): Expression | null => {
  const text = optionalText(params, 'where')
  return text === undefined ? null : parseExpression(text)
}

/** `on`, or null. A bare name is the property of that name. */
export const onOf = (params: Params): Expression | null => {
  const text = optionalText(params, 'on')
  return text === undefined ? null : parseBreakdown(text)
}

/** `on` as a value to compute with: it has to be there. */
export const requiredOn = (params: Params): Expression => parseBreakdown(requiredText(params, 'on'))

export const measureOf = (params: Params, fallback: Measure | null): Measure =>
  oneOf(params, 'type', measures, fallback)

/** Nobody can ask for more: a legend of 10,000 lines is already a download. */
export const keyCountMax = 10_000

export const limitOf = (params: Params, fallback: number): number =>
  wholeNumber(params, 'limit', 1, keyCountMax) ?? fallback

const dayCountMax = 366

/** Segmentation: days from `from_date` to `to_date`, by `unit`, or by `interval` days unless events are counted. */
export const bucketsOfDates = (zone: string, params: Params, measure: Measure): Buckets => {
  const days = dayRange(params)
  const interval = wholeNumber(params, 'interval', 1, dayCountMax)
  if (interval !== undefined && measure !== 'general') return bucketsOfDays(zone, days, 'day', interval)
  return bucketsOfDays(zone, days, oneOf(params, 'unit', units, 'day'))
}

// Nothing keeps more units; and a range of them is read, whatever it holds.
const intervalMax = 10_000

/** Events: from `from_date` to `to_date`, or the last `interval` units with the one that is running. */
export const bucketsOfUnits = (zone: string, params: Params, unit: Unit, nowMs: number): Buckets => {
  const hasDates = optionalText(params, 'from_date') !== undefined || optionalText(params, 'to_date') !== undefined
  if (hasDates) return bucketsOfDays(zone, dayRange(params), unit)
  const interval = wholeNumber(params, 'interval', 1, intervalMax)
  if (interval === undefined) throw new InvalidRequest('from_date and to_date, or interval, are required')
  return bucketsBack(zone, interval, unit, nowMs)
}

/** QRY-14: people are not counted by the hour. */
export const refuseUniqueByClock = (measure: Measure, unit: Unit): void => {
  if (measure !== 'general' && (unit === 'hour' || unit === 'minute')) {
    throw new InvalidRequest(`type ${measure} cannot be counted by ${unit}; choose day, week or month`)
  }
}

export const isCsv = (params: Params): boolean => oneOf(params, 'format', ['json', 'csv'], 'json') === 'csv'
