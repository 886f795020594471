import { InvalidRequest } from '../../../kernel/errors.ts'
import { optionalText, type Params, textList, wholeNumber, yesOrNo } from '../http/parameters.ts'

/** Counts events of a person within `windowMs` before the moment of the question: `behaviors["name"]` (QRY-12). */
export interface Behavior {
  readonly name: string
  readonly windowMs: number
  readonly selectors: readonly { readonly event: string; readonly selector: string | null }[]
}

/** Whose profiles are asked for, whatever the page. */
export interface EngageFilter {
  readonly distinctIds: readonly string[] | null
  /** Text of a group key's id, or the key itself; null: profiles of people (QRY-13). */
  readonly dataGroup: string | null
  readonly where: string | null
  readonly cohortId: number | null
  /** Of the cohort: also those without a profile. */
  readonly includesAllUsers: boolean
  readonly behaviors: readonly Behavior[]
  readonly asOfMs: number | null
  readonly search: string | null
}

export interface EngageRequest extends EngageFilter {
  readonly outputProperties: readonly string[] | null
  readonly sort: { readonly expression: string; readonly isDescending: boolean } | null
  readonly countMax: number | null
  readonly page: number
  readonly pageSize: number
  readonly sessionId: string | null
}

const pageSizeDefault = 1_000
// OpenPanel asks for 5000, and takes a shorter page for the last one (clients A5).
const pageSizeMax = 10_000
const behaviorCountMax = 20

/** Parameters of /engage that say whose profiles are meant. Throws InvalidRequest. */
export const engageFilter = (params: Params): EngageFilter => {
  const behaviors = behaviorsOf(params)
  const cohortId = cohortIdOf(params)
  if (behaviors.length > 0 && cohortId !== null) {
    throw new InvalidRequest('behaviors and filter_by_cohort cannot be used together')
  }
  const asOf = optionalText(params, 'as_of_timestamp')
  if (asOf !== undefined && !/^\d{1,10}(\.\d+)?$/.test(asOf)) {
    throw new InvalidRequest('as_of_timestamp must be seconds since 1970')
  }
  return {
    distinctIds: idsOf(params),
    dataGroup: optionalText(params, 'data_group_id') ?? null,
    where: optionalText(params, 'where') ?? null,
    cohortId,
    includesAllUsers: cohortId !== null && yesOrNo(params, 'include_all_users', true),
    behaviors,
    asOfMs: asOf === undefined ? null : Math.round(Number(asOf) * 1_000),
    search: optionalText(params, 'search') ?? null,
  }
}

/** All parameters of /engage (query §2.11). Throws InvalidRequest. */
export const engageRequest = (params: Params): EngageRequest => ({
  ...engageFilter(params),
  outputProperties: textList(params, 'output_properties'),
  sort: sortOf(params),
  countMax: wholeNumber(params, 'limit', 1, 1_000_000_000) ?? null,
  page: wholeNumber(params, 'page', 0, 10_000_000) ?? 0,
  pageSize: Math.min(wholeNumber(params, 'page_size', 1, 1_000_000) ?? pageSizeDefault, pageSizeMax),
  sessionId: optionalText(params, 'session_id') ?? null,
})

const jsonOf = (params: Params, name: string, what: string): unknown => {
  const text = optionalText(params, name)
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw new InvalidRequest(`${name} must be ${what}`)
  }
}

const idText = (value: unknown): string | null =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : null

const idsOf = (params: Params): readonly string[] | null => {
  const one = optionalText(params, 'distinct_id')
  const sent = jsonOf(params, 'distinct_ids', 'a JSON array of ids')
  if (sent === undefined) return one === undefined ? null : [one]
  const ids = Array.isArray(sent) ? sent.map(idText) : [null]
  if (ids.some((id) => id === null)) throw new InvalidRequest('distinct_ids must be a JSON array of ids')
  return [...(one === undefined ? [] : [one]), ...(ids as string[])]
}

const cohortIdOf = (params: Params): number | null => {
  const sent = jsonOf(params, 'filter_by_cohort', 'a JSON object such as {"id": 1}')
  if (sent === undefined || sent === null) return null
  const id = typeof sent === 'object' ? Number((sent as { id?: unknown }).id) : Number.NaN
  if (!Number.isSafeInteger(id) || id < 1) throw new InvalidRequest('filter_by_cohort must be {"id": <id of a cohort>}')
  return id
}

const windowUnitMs: Readonly<Record<string, number>> = {
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  m: 2_592_000_000,
}

const behaviorsOf = (params: Params): readonly Behavior[] => {
  const shape = 'a JSON array such as [{"window":"30d","name":"b","event_selectors":[{"event":"X"}]}]'
  const sent = jsonOf(params, 'behaviors', shape)
  if (sent === undefined || sent === null) return []
  const behaviors = Array.isArray(sent) ? sent.map(behaviorOf) : [null]
  if (behaviors.some((behavior) => behavior === null)) throw new InvalidRequest(`behaviors must be ${shape}`)
  if (behaviors.length > behaviorCountMax) throw new InvalidRequest(`at most ${behaviorCountMax} behaviors`)
  return behaviors as readonly Behavior[]
}

const behaviorOf = (value: unknown): Behavior | null => {
  const { window, name, event_selectors: selectors } = (value ?? {}) as Record<string, unknown>
  const [, count, unit] = /^(\d{1,5})([hdwm])?$/.exec(String(window)) ?? []
  if (count === undefined || typeof name !== 'string' || !Array.isArray(selectors) || selectors.length === 0)
    return null
  const found = selectors.map(selectorOf)
  if (found.some((selector) => selector === null)) return null
  return {
    name,
    windowMs: Number(count) * (windowUnitMs[unit ?? 'd'] as number),
    selectors: found as Behavior['selectors'],
  }
}

const selectorOf = (value: unknown): Behavior['selectors'][number] | null => {
  const { event, selector = null } = (value ?? {}) as Record<string, unknown>
  if (typeof event !== 'string') return null
  if (selector !== null && typeof selector !== 'string') return null
  return { event, selector: selector === '' ? null : selector }
}

const sortOf = (params: Params): EngageRequest['sort'] => {
  const expression = optionalText(params, 'sort_key')
  if (expression === undefined) return null
  const order = (optionalText(params, 'sort_order') ?? 'ascending').toLowerCase()
  if (!/^(asc|desc)(ending)?$/.test(order)) throw new InvalidRequest('sort_order must be ascending or descending')
  return { expression, isDescending: order.startsWith('desc') }
}
