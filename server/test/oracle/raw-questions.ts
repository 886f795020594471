import { parseJson } from '../../src/kernel/json.ts'
import { aFilter, type Filter } from './filters.ts'
import { ofServer, type SeenEvent, type Texts } from './model.ts'
import { byBytes, chosen, inOrder, isWithin, type Params, type Question, someDays, type World } from './question.ts'
import { eventNames } from './random-project.ts'
import { dayMs, plusDays } from './zone-clock.ts'

const unpredictable: ReadonlySet<string> = new Set([...ofServer, '$failure_description'])

/** JSON texts as values; numbers that a double cannot hold stay as they are. Without what the server alone knows. */
export const valuesOf = (texts: Texts): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(texts)
      .filter(([name]) => !unpredictable.has(name))
      .map(([name, text]) => [name, parseJson(text)]),
  )

const knownOf = (properties: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(properties).filter(([name]) => !unpredictable.has(name)))

interface Sent {
  readonly event: string
  readonly properties: Readonly<Record<string, unknown>>
}

/** Events as sorted texts, beside whether they came in the order of time. */
const inTime = (found: readonly Sent[]) => {
  const times = found.map(({ properties }) => Number(properties['time']))
  return {
    isInTime: times.every((time, at) => at === 0 || time >= (times[at - 1] ?? 0)),
    events: found
      .map(({ event, properties }) => JSON.stringify(inOrder({ event, properties: knownOf(properties) })))
      .sort(byBytes),
  }
}

export const idsOfPeople = ({ events, random, model }: World): readonly string[] => {
  const ids = [...new Set(events.map(({ sentAs }) => sentAs))].filter((id) => id !== '')
  const some = ids.filter(() => random.next() < 0.2)
  return random.next() < 0.2 ? [...some, 'never seen', ''] : [...some, model.canonicalOf(random.pick(ids) ?? 'nobody')]
}

/** QRY-09. */
export const stream = (world: World): Question => {
  const { model } = world
  const days = someDays(world, 'week')
  const asked = idsOfPeople(world)
  // What was said under an alias before it was one is still its own in legacy mode.
  const people = new Set([...asked, ...asked.map(model.canonicalOf)])
  const params = { distinct_ids: JSON.stringify(asked), from_date: days.from, to_date: days.to }
  return {
    name: 'stream/query',
    params,
    ask: async (client) => {
      const body = parseJson((await client.query('stream/query', params)).text) as unknown as {
        readonly results: { readonly events: readonly Sent[] }
      }
      return inTime(body.results.events)
    },
    expected: () =>
      inTime(
        world.events
          .filter(({ person, timeMs }) => person !== '' && people.has(person) && isWithin(model, days, timeMs))
          .sort((a, b) => a.timeMs - b.timeMs)
          .map(({ event, timeMs, person, insertId, properties }) => ({
            event,
            properties: {
              ...valuesOf(properties),
              ...{ time: Math.floor(timeMs / 1_000), distinct_id: person, $distinct_id: person, $insert_id: insertId },
            },
          })),
      ),
  }
}

/** EXP-01, with `where`: what came in, also twice, of days of UTC. */
export const rawExport = (world: World): Question => {
  const { random } = world
  const anEventDay = new Date(random.pick(world.events)?.timeMs ?? 0).toISOString().slice(0, 10)
  const today = new Date().toISOString().slice(0, 10)
  const from = plusDays(anEventDay, -random.pick([0, 1, 40]))
  const last = plusDays(anEventDay, random.pick([0, 1, 40]))
  const to = last > today ? today : last
  const names = random.next() < 0.4 ? [random.pick(eventNames), random.pick(eventNames)] : null
  const where = random.next() < 0.8 ? aFilter(random) : null
  const inMs = random.next() < 0.5
  return exportOf(world, { from, to, names, where, inMs })
}

/** All that came in. */
export const wholeExport = (world: World): Question => {
  const to = new Date().toISOString().slice(0, 10)
  return exportOf(world, { from: '2020-01-01', to, names: null, where: null, inMs: true })
}

interface Exported {
  readonly from: string
  readonly to: string
  readonly names: readonly string[] | null
  readonly where: Filter | null
  readonly inMs: boolean
}

const exportOf = (world: World, { from, to, names, where, inMs }: Exported): Question => {
  const { model } = world
  const params: Params = {
    ...{ from_date: from, to_date: to, time_in_ms: String(inMs) },
    ...(names === null ? {} : { event: JSON.stringify(names) }),
    ...(where === null ? {} : { where: where.text }),
  }
  return {
    name: 'export',
    params,
    ask: async (client) => {
      const { text } = await client.query('/api/2.0/export', params)
      const lines = text.split('\n').filter((line) => line !== '')
      return inTime(lines.map((line) => parseJson(line) as unknown as Sent))
    },
    expected: (nowMs) => {
      const within = model
        .rawEvents()
        .filter(({ timeMs }) => timeMs >= Date.parse(from) && timeMs < Date.parse(to) + dayMs)
        .filter(({ event }) => names?.some((name) => name === event) ?? true)
      return inTime(
        chosen(world, within, null, [where], nowMs)
          .toSorted((a, b) => a.timeMs - b.timeMs)
          .map((event) => ({ event: event.event, properties: lineOf(event, inMs) })),
      )
    },
  }
}

const lineOf = ({ timeMs, person, sentAs, insertId, properties }: SeenEvent, inMs: boolean) => {
  const before = { $distinct_id_before_identity: sentAs, $is_reshuffled: true, $preshuffle_distinct_id: sentAs }
  return {
    ...valuesOf(properties),
    ...{ time: inMs ? timeMs : Math.floor(timeMs / 1_000), distinct_id: person, $insert_id: insertId },
    ...(person === sentAs ? {} : before),
  }
}
