import type { Random } from '../support/random-expressions.ts'
import { aFilter, type Filter, filterOf } from './filters.ts'
import { type CustomProperty, saveProperties } from './made-questions.ts'
import type { Model, SeenEvent } from './model.ts'
import type { Selection } from './question.ts'
import { eventNames } from './random-project.ts'
import { dayMs, plusDays, wallOf } from './zone-clock.ts'

/** What analysts saved in a project. */
export interface SavedThings {
  readonly customEvents: readonly Selection[]
  readonly dataViews: readonly { readonly id: number; readonly filter: Filter; readonly profileFilter: Filter | null }[]
  readonly cohorts: readonly Cohort[]
  readonly customProperties: readonly CustomProperty[]
  /** As JSON, by id: for whoever reads a difference. */
  readonly texts: ReadonlyMap<number, string>
}
export interface Cohort {
  readonly id: number
  readonly isDynamic: boolean
  /** Whether somebody is in it; `known` are all people with an event or a profile. */
  holds(person: string, facts: Facts): boolean
}
/** What is known of a project at one moment. */
export interface Facts {
  readonly model: Model
  readonly byPerson: ReadonlyMap<string, readonly SeenEvent[]>
  readonly nowMs: number
}

export type Save = (
  kind: 'custom-events' | 'custom-properties' | 'data-views' | 'cohorts',
  definition: object,
) => Promise<number>
export type Upload = (cohortId: number, ids: readonly string[]) => Promise<void>

type Holds = Cohort['holds']
interface Condition {
  readonly wire: object
  readonly holds: Holds
}

const unitMs = { hour: dayMs / 24, day: dayMs, week: 7 * dayMs, month: 30 * dayMs } as const

interface Window {
  readonly wire: object
  readonly holds: (timeMs: number, facts: Facts) => boolean
  readonly isBefore: (timeMs: number, facts: Facts) => boolean
}

const aWindow = ({ next, pick }: Random, model: Model, nowMs: number): Window => {
  if (next() < 0.5) {
    const [last, unit] = [pick([1, 2, 4]), pick(['day', 'week', 'month'] as const)]
    const lengthMs = last * unitMs[unit]
    return {
      wire: { last, unit },
      holds: (timeMs, facts) => timeMs >= facts.nowMs - lengthMs && timeMs < facts.nowMs,
      isBefore: (timeMs, facts) => timeMs < facts.nowMs - lengthMs,
    }
  }
  const to = plusDays(wallOf(model.timezone, nowMs).day, -pick([0, 1, 6, 30]))
  const from = plusDays(to, -pick([0, 3, 60]))
  const dayOf = (ms: number): string => wallOf(model.timezone, ms).day
  return {
    wire: { from_date: from, to_date: to },
    holds: (timeMs) => dayOf(timeMs) >= from && dayOf(timeMs) <= to,
    isBefore: (timeMs) => dayOf(timeMs) < from,
  }
}

const comparisons = {
  '==': (a: number, b: number) => a === b,
  '!=': (a: number, b: number) => a !== b,
  '>': (a: number, b: number) => a > b,
  '>=': (a: number, b: number) => a >= b,
  '<': (a: number, b: number) => a < b,
  '<=': (a: number, b: number) => a <= b,
} as const
const signs = Object.keys(comparisons) as (keyof typeof comparisons)[]

/** Null: undefined, which meets nothing. */
const totalOf = (aggregate: string, property: string, events: readonly SeenEvent[]): number | null => {
  const texts = events.flatMap(({ properties }) => properties[property] ?? [])
  if (aggregate === 'count') return events.length
  if (aggregate === 'distinct') return new Set(texts).size
  const numbers = texts.filter((text) => /^-?\d/.test(text)).map(Number)
  if (numbers.length === 0) return null
  const sum = numbers.reduce((a, b) => a + b, 0)
  if (aggregate === 'sum') return sum
  if (aggregate === 'average') return sum / numbers.length
  return aggregate === 'min' ? Math.min(...numbers) : Math.max(...numbers)
}

const aDid = (random: Random, model: Model, customEvents: readonly Selection[], nowMs: number): Condition => {
  const { next, pick } = random
  const name = pick([...eventNames, '$any_event', ...customEvents.map(({ label }) => label)])
  const parts = customEvents.find(({ label }) => label === name)?.parts ?? [{ event: name, filter: null }]
  const where = next() < 0.4 ? aFilter(random) : null
  const window = next() < 0.6 ? aWindow(random, model, nowMs) : null
  const isIt = (event: SeenEvent, facts: Facts): boolean => {
    const record = facts.model.recordOf(event, facts.nowMs)
    if (where?.holds(record) === false) return false
    return (
      name === '$any_event' || parts.some((part) => part.event === event.event && (part.filter?.holds(record) ?? true))
    )
  }
  const all = (person: string, facts: Facts) => (facts.byPerson.get(person) ?? []).filter((event) => isIt(event, facts))
  const done = (person: string, facts: Facts) =>
    all(person, facts).filter(({ timeMs }) => window?.holds(timeMs, facts) ?? true)
  const wire = {
    event: name,
    ...(where === null ? {} : { where: where.text }),
    ...(window === null ? {} : { window: window.wire }),
  }
  if (next() < 0.2) return { wire: { type: 'did_not', ...wire }, holds: (...of) => done(...of).length === 0 }
  if (window !== null && next() < 0.2) {
    return {
      wire: { type: 'did', first_time: true, ...wire },
      holds: (person, facts) =>
        done(person, facts).length > 0 && !all(person, facts).some(({ timeMs }) => window.isBefore(timeMs, facts)),
    }
  }
  const aggregate = pick(['count', 'count', 'sum', 'average', 'min', 'max', 'distinct'])
  const [comparison, value] = [pick(signs), pick([0, 1, 2, 2.5, 10])]
  const property = pick(['price', 'qty', 'plan'])
  return {
    wire: { type: 'did', ...wire, aggregate, comparison, value, ...(aggregate === 'count' ? {} : { property }) },
    holds: (person, facts) => {
      const total = totalOf(aggregate, property, done(person, facts))
      return total !== null && comparisons[comparison](total, value)
    },
  }
}

/** A profile as expressions see it. */
export const profileRecord = (model: Model, person: string, nowMs: number) =>
  model.recordOf({ event: '', timeMs: 0, person, sentAs: person, insertId: '', properties: {} }, nowMs)

const aCondition = (
  random: Random,
  model: Model,
  customEvents: readonly Selection[],
  cohorts: readonly Cohort[],
  nowMs: number,
  depth: number,
): Condition => {
  const { next, pick } = random
  const share = next()
  if (depth > 0 && share < 0.25) {
    const operator = pick(['and', 'or'] as const)
    const terms = Array.from({ length: pick([1, 2, 3]) }, () =>
      aCondition(random, model, customEvents, cohorts, nowMs, depth - 1),
    )
    return {
      wire: { type: 'group', operator, conditions: terms.map(({ wire }) => wire) },
      holds: (...of) =>
        operator === 'and' ? terms.every(({ holds }) => holds(...of)) : terms.some(({ holds }) => holds(...of)),
    }
  }
  if (share < 0.4) {
    const filter = aFilter(random, 'profile')
    return {
      wire: { type: 'profile', where: filter.text },
      holds: (person, facts) =>
        facts.model.profiles().has(person) && filter.holds(profileRecord(facts.model, person, facts.nowMs)),
    }
  }
  if (share < 0.5 && cohorts.length > 0) {
    const [cohort, isMember] = [pick(cohorts), next() < 0.6]
    return {
      wire: { type: 'cohort', cohort_id: cohort.id, is_member: isMember },
      holds: (...of) => cohort.holds(...of) === isMember,
    }
  }
  return aDid(random, model, customEvents, nowMs)
}

/** Saves some custom events, data views and cohorts of a project that has its events. */
export const saveThings = async (
  random: Random,
  model: Model,
  nowMs: number,
  { save: send, upload }: { readonly save: Save; readonly upload: Upload },
): Promise<SavedThings> => {
  const { pick } = random
  const texts = new Map<number, string>()
  const save: Save = async (kind, definition) => {
    const id = await send(kind, definition)
    texts.set(id, JSON.stringify(definition))
    return id
  }
  const customEvents: Selection[] = []
  for (const count of [1, 3]) {
    const parts = Array.from({ length: count }, () => ({
      event: pick(eventNames),
      filter: random.next() < 0.6 ? aFilter(random) : null,
    }))
    const events = parts.map(({ event, filter }) => ({ event, ...(filter === null ? {} : { where: filter.text }) }))
    customEvents.push({ label: `$custom_event:${await save('custom-events', { events })}`, parts })
  }
  const view = aFilter(random)
  const profileView = 'user["plan"] == "pro"'
  const dataViews = [
    { id: await save('data-views', { where: view.text }), filter: view, profileFilter: null },
    {
      id: await save('data-views', { profile_where: profileView }),
      filter: filterOf(profileView),
      profileFilter: filterOf(profileView, 'profile'),
    },
  ]
  const cohorts: Cohort[] = []
  const members = [...new Set(model.events().map(({ sentAs }) => sentAs))].filter(
    (id) => id !== '' && random.next() < 0.3,
  )
  const isMember: Holds = (person, facts) =>
    members.some((id) => !facts.model.wasErased(id) && facts.model.canonicalOf(id) === person)
  const staticId = await save('cohorts', { type: 'static' })
  await upload(staticId, members)
  cohorts.push({ id: staticId, isDynamic: false, holds: isMember })
  for (let count = 0; count < 6; count += 1) {
    const operator = pick(['and', 'or'] as const)
    const terms = Array.from({ length: pick([1, 2, 3]) }, () =>
      aCondition(random, model, customEvents, cohorts, nowMs, 2),
    )
    const condition = { type: 'group', operator, conditions: terms.map(({ wire }) => wire) }
    const id = await save('cohorts', { type: 'dynamic', condition })
    cohorts.push({
      id,
      isDynamic: true,
      holds: (...of) =>
        operator === 'and' ? terms.every(({ holds }) => holds(...of)) : terms.some(({ holds }) => holds(...of)),
    })
  }
  const customProperties = await saveProperties((definition) => save('custom-properties', definition))
  return { customEvents, dataViews, cohorts, customProperties, texts }
}
