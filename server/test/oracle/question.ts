import type { Answer } from '../support/lethe.ts'
import type { Random } from '../support/random-expressions.ts'
import type { Filter } from './filters.ts'
import type { Model, SeenEvent } from './model.ts'
import type { SavedThings } from './saved-things.ts'
import { plusDays, type Unit, wallOf } from './zone-clock.ts'

export type Params = Readonly<Record<string, string | number>>

/** Asks the project in any of the ways that clients do. Throws Refused for anything but 200. */
export interface Client {
  query(path: string, params: Params): Promise<Answer>
  /** Answers the id that it is saved under. */
  save(kind: 'funnels' | 'bookmarks', definition: object): Promise<number>
  script(script: string): Promise<Answer>
}

export class Refused extends Error {
  readonly status: number
  constructor(status: number, text: string) {
    super(`${status} ${text}`)
    this.status = status
  }
}

/** A project as the model has it, with what was saved in it. */
export interface World {
  readonly model: Model
  readonly saved: SavedThings
  readonly events: readonly SeenEvent[]
  readonly random: Random
}

/** One question with both of its answers; they must be the same text as JSON. */
export interface Question {
  readonly name: string
  readonly params: Params
  ask(client: Client): Promise<unknown>
  expected(nowMs: number): unknown
}

export const jsonQuestion = (
  path: string,
  params: Params,
  expected: Question['expected'],
  // biome-ignore lint/suspicious/noExplicitAny: what is in it is compared
  read: (body: any) => unknown = (body) => body,
): Question => ({
  name: path,
  params,
  ask: async (client) => read((await client.query(path, params)).json()),
  expected,
})

export const textQuestion = (path: string, params: Params, expected: Question['expected']): Question => ({
  name: path,
  params,
  ask: async (client) => (await client.query(path, params)).text,
  expected,
})

/** The order in which the engine puts texts: by their bytes. */
export const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

/** The same JSON whatever the order of names. */
export const inOrder = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(inOrder)
  if (typeof value !== 'object' || value === null || 'rawJSON' in value) return value
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, inner]) => [name, inOrder(inner)] as const)
      .sort(([a], [b]) => byBytes(a, b)),
  )
}

export interface Days {
  readonly from: string
  readonly to: string
}

const longestDays: Record<Unit, number> = { minute: 1, hour: 4, day: 40, week: 100, month: 400 }

/** Days around something that happened. */
export const someDays = ({ model, events, random }: World, unit: Unit): Days => {
  const { next, pick } = random
  const { day } = wallOf(model.timezone, (events.length === 0 ? 0 : pick(events).timeMs) || 0)
  const length = Math.floor(next() ** 2 * longestDays[unit])
  const from = plusDays(day, -Math.floor(next() * (length + 1)))
  return { from, to: plusDays(from, length) }
}

export const isWithin = ({ timezone }: Model, { from, to }: Days, ms: number): boolean => {
  const { day } = wallOf(timezone, ms)
  return day >= from && day <= to
}

/** Events that a question counts under one name. */
export interface Selection {
  readonly label: string
  readonly parts: readonly { readonly event: string; readonly filter: Filter | null }[]
}

export const someEvent = ({ saved, random }: World, names: readonly string[]): Selection => {
  const { next, pick } = random
  if (next() < 0.15 && saved.customEvents.length > 0) return pick(saved.customEvents)
  const event = next() < 0.03 ? 'No such event' : pick(names)
  return { label: event, parts: [{ event, filter: null }] }
}

/** The events of a selection that meet all filters, among `from`. */
export const chosen = (
  { model }: World,
  from: readonly SeenEvent[],
  selection: Selection | null,
  filters: readonly (Filter | null)[],
  nowMs: number,
): readonly SeenEvent[] =>
  from.filter((event) => {
    const record = model.recordOf(event, nowMs)
    const isOne =
      selection === null ||
      selection.parts.some((part) => part.event === event.event && (part.filter?.holds(record) ?? true))
    return isOne && filters.every((filter) => filter?.holds(record) ?? true)
  })

/** Sometimes a filter, sometimes a data view: as parameters, and as what they mean. */
export const someFilters = (world: World, aWhere: (() => Filter) | null) => {
  const { next, pick } = world.random
  const where = aWhere !== null && next() < 0.55 ? aWhere() : null
  const view = next() < 0.12 && world.saved.dataViews.length > 0 ? pick(world.saved.dataViews) : null
  const params: Params = {
    ...(where === null ? {} : { where: where.text }),
    ...(view === null ? {} : { workspace_id: view.id }),
  }
  return { params, filters: [where, view?.filter ?? null], isOfAll: view === null }
}

export type Measure = 'general' | 'unique' | 'average'

export const peopleOf = (events: readonly SeenEvent[]): ReadonlySet<string> =>
  new Set(events.map(({ person }) => person).filter((person) => person !== ''))

/** Events; different people; events of somebody per person. Null: nothing to count. */
export const measured = (measure: Measure, events: readonly SeenEvent[]): number | null => {
  if (measure === 'general') return events.length === 0 ? null : events.length
  const people = peopleOf(events)
  if (people.size === 0) return null
  return measure === 'unique' ? people.size : events.filter(({ person }) => person !== '').length / people.size
}
