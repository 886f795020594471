import { fail, isRecord } from './values.ts'

export interface EventSelector {
  readonly event?: string
  readonly selector?: string
  readonly label?: string
}

export interface UserSelector {
  readonly selector: string
}

export interface EventsSource {
  readonly kind: 'events'
  /** YYYY-MM-DD in the zone of the project, both inclusive. */
  readonly fromDate: string
  readonly toDate: string
  /** None: every event. */
  readonly selectors: readonly EventSelector[]
}

export interface PeopleSource {
  readonly kind: 'people'
  readonly selectors: readonly UserSelector[]
}

export interface JoinSource {
  readonly kind: 'join'
  readonly events: EventsSource
  readonly people: PeopleSource
  readonly type: 'full' | 'left' | 'right' | 'inner'
  readonly selectors: readonly EventSelector[]
}

/** What a script asks for. It crosses to the server, which believes nothing of it. */
export type Source = EventsSource | PeopleSource | JoinSource

const dateOf = (value: unknown, name: string): string => {
  const text = value instanceof Date ? value.toJSON() : value
  if (typeof text !== 'string' || !/^\d{4}-\d\d-\d\d/.test(text)) {
    return fail(`Events: ${name} must be a date such as "2016-01-04"`)
  }
  return text.slice(0, 10)
}

const textOf = (value: unknown, name: string): Record<string, string> => {
  if (value === undefined || value === null || value === '') return {}
  return typeof value === 'string' ? { [name]: value } : fail(`${name} of a selector must be a string`)
}

const listOf = (value: unknown, name: string): readonly unknown[] => {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? value : fail(`${name} must be a list`)
}

const eventSelectorsOf = (value: unknown, name: string): readonly EventSelector[] =>
  listOf(value, name).map((one) => {
    if (typeof one === 'string') return { event: one }
    if (!isRecord(one)) return fail(`${name}: expected {event, selector, label}`)
    return {
      ...textOf(one['event'], 'event'),
      ...textOf(one['selector'], 'selector'),
      ...textOf(one['label'], 'label'),
    }
  })

export const eventsSource = (options: unknown): EventsSource => {
  if (!isRecord(options)) return fail('Events: expected {from_date, to_date}')
  return {
    kind: 'events',
    fromDate: dateOf(options['from_date'], 'from_date'),
    toDate: dateOf(options['to_date'], 'to_date'),
    selectors: eventSelectorsOf(options['event_selectors'], 'event_selectors'),
  }
}

export const peopleSource = (options: unknown): PeopleSource => {
  if (options !== undefined && options !== null && !isRecord(options)) return fail('People: expected {user_selectors}')
  const selectors = listOf(options?.['user_selectors'], 'user_selectors').map((one) => {
    const selector = isRecord(one) ? one['selector'] : one
    return typeof selector === 'string' ? { selector } : fail('user_selectors: expected {selector}')
  })
  return { kind: 'people', selectors }
}

const joinTypes = ['full', 'left', 'right', 'inner'] as const

export const joinSource = (events: Source | null, people: Source | null, options: unknown): JoinSource => {
  if (events?.kind !== 'events' || people?.kind !== 'people') {
    return fail('join: expected Events(…) and People(…), without transformations')
  }
  const { type = 'full', selectors } = isRecord(options) ? options : {}
  const known = joinTypes.find((name) => name === type)
  if (known === undefined) return fail('join: type must be "full", "left", "right" or "inner"')
  return { kind: 'join', events, people, type: known, selectors: eventSelectorsOf(selectors, 'selectors of join') }
}
