import { InvalidRequest } from '../../../kernel/errors.ts'
import { type FunnelDefinition, type SavedReports, windowSeconds } from '../../reports/index.ts'
import { parseExpression } from '../domain/expression/parse.ts'
import { type Buckets, bucketsOfDays } from '../domain/time/buckets.ts'
import { NoSuchFunnel } from '../errors.ts'
import { dayRange, oneOf, optionalText, type Params, requiredText, wholeNumber } from '../http/parameters.ts'
import type { Endpoint, QueryCall } from '../http/query-route.ts'
import { limitOf, onOf } from '../http/question.ts'
import type { Definitions } from '../ports.ts'
import { answerFunnel } from './answer-funnel.ts'
import { labeledSteps } from './plan-funnel.ts'
import { shapeFunnel } from './shape-funnel.ts'

export interface FunnelsDeps {
  readonly definitions: Definitions
  readonly saved: Pick<SavedReports, 'funnel'>
}

const defaultKeyCount = 255
const windowDaysMax = 90
const intervalDaysMax = 366

/** QRY-02: how far people came in a saved funnel, by when they entered. */
export const funnels = ({ definitions, saved }: FunnelsDeps): Endpoint => ({
  name: 'funnels',
  handle: async (call) => {
    const { params, view } = call
    const definition = withWindow(params, await definitionOf(saved, call))
    const buckets = bucketsOf(view.timezone, params)
    const where = optionalText(params, 'where') ?? null
    // What is wrong with it stands where it was written, not in the text that it becomes part of.
    if (where !== null) parseExpression(where)
    const [on, limit] = [onOf(params), limitOf(params, defaultKeyCount)]
    const by = on === null ? null : { on, limit }
    const answer = await answerFunnel(definitions, call, definition, { buckets, where, by })
    const steps = await labeledSteps(definitions, view, definition.steps)
    return { json: shapeFunnel({ ...definition, steps }, buckets.keys, answer) }
  },
})

const definitionOf = async (saved: FunnelsDeps['saved'], { params, view }: QueryCall): Promise<FunnelDefinition> => {
  requiredText(params, 'funnel_id')
  const id = wholeNumber(params, 'funnel_id', 1, Number.MAX_SAFE_INTEGER) ?? 0
  const found = await saved.funnel(view.scope, id)
  if (found === null) throw new NoSuchFunnel(id)
  return found.definition
}

/** `length` and `length_unit` in place of the saved ones. */
const withWindow = (params: Params, definition: FunnelDefinition): FunnelDefinition => {
  const isUnitSent = optionalText(params, 'length_unit') !== undefined
  const length = wholeNumber(params, 'length', 1, windowDaysMax * 86_400)
  if (length === undefined && !isUnitSent) return definition
  const unit = isUnitSent
    ? oneOf(params, 'length_unit', ['second', 'minute', 'hour', 'day'], null)
    : definition.length_unit
  const asked = { ...definition, length: length ?? definition.length, length_unit: unit }
  if ((windowSeconds(asked.length, unit) ?? 0) > windowDaysMax * 86_400) {
    throw new InvalidRequest(`length must be at most ${windowDaysMax} days`)
  }
  return asked
}

/** By `unit`, or by `interval` days. */
const bucketsOf = (zone: string, params: Params): Buckets => {
  const days = dayRange(params)
  const unit = oneOf(params, 'unit', ['day', 'week', 'month'], 'day')
  const interval = wholeNumber(params, 'interval', 1, intervalDaysMax) ?? 1
  return bucketsOfDays(zone, days, unit, unit === 'day' ? interval : 1)
}
