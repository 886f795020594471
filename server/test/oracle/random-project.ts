import { aRecord, type Random } from '../support/random-expressions.ts'
import type { Model, SentEvent, Texts } from './model.ts'
import type { Join, SentIds } from './model-identity.ts'
import { changesOfClock, dayMs } from './zone-clock.ts'

/** Takes what was sent to one project; both the server and the model get it. */
export interface Sink {
  events(events: readonly SentEvent[], by: 'import' | 'track'): Promise<void>
  profiles(updates: readonly { readonly id: string; readonly texts: Texts }[]): Promise<void>
}

export const eventNames = ['View', 'Buy', 'Sign up', 'a"b\\c 😀 {p0:String}'] as const
const users = ['u1', 'u2', 'u3', 'ünï 😀', "o'brien", 'a"b\\c', 'zoe'] as const

const hex = ({ pick }: Random, count: number): string =>
  Array.from({ length: count }, () => pick([...'0123456789abcdef'])).join('')
const uuid4 = (random: Random): string =>
  `${hex(random, 8)}-${hex(random, 4)}-4${hex(random, 3)}-a${hex(random, 3)}-${hex(random, 12)}`

const json = (value: unknown): string => JSON.stringify(value)

/** Values that questions ask for by name, and the odd ones of `a` to `d`. Sums of the numbers are exact in any order. */
const propertiesOf = (random: Random, timezone: string, nowMs: number): Texts => {
  const { next, pick } = random
  const texts: Record<string, string> = {}
  for (const [name, text] of Object.entries(aRecord(random, timezone, nowMs).event)) {
    if (text !== '' && next() < 0.6) texts[name] = text
  }
  const put = (name: string, share: number, values: readonly unknown[]): void => {
    if (next() < share) texts[name] = json(pick(values))
  }
  put('plan', 0.8, ['pro', 'free', 'team', 'Pro', '', null])
  put('price', 0.7, [0, 1, 2, 2.5, 7.25, 10, 19.75, 120, -3.5, 1500, '12', 'none'])
  put('qty', 0.6, [1, 2, 3, 4])
  put('tags', 0.6, [[], ['red'], ['red', 'blue'], ['blue', 'red', 'red'], ['green', 1, true, null]])
  put('flag', 0.5, [true, false])
  put('when', 0.5, ['2026-03-29T02:30:00', '2025-10-26', '2026-11-01T00:00:00Z', 'never'])
  put('url', 0.4, ['https://www.shop.co.uk/a?b', 'http://x.example.com', 'nowhere'])
  return texts
}

const profileTexts = (random: Random, timezone: string, nowMs: number): Texts => {
  const { next, pick } = random
  // Without one of its own, the server would say when.
  const texts: Record<string, string> = { $last_seen: json('2026-01-01T00:00:00') }
  for (const [name, text] of Object.entries(aRecord(random, timezone, nowMs).user)) {
    if (text !== '' && next() < 0.6) texts[name] = text
  }
  if (next() < 0.7) texts['plan'] = json(pick(['pro', 'free']))
  if (next() < 0.6) texts['age'] = json(pick([18, 20, 35, 64, 7.5]))
  if (next() < 0.4) texts['tags'] = json(pick([['vip'], ['vip', 'old'], []]))
  return texts
}

// No time lies near a whole number of days before now: nobody can tell on which side of a window it is when it is asked.
const aTime = ({ next, pick }: Random, timezone: string, nowMs: number, isRecent: boolean): number => {
  const partOfDayMs = (0.02 + next() * 0.88) * dayMs
  if (isRecent) return Math.floor(nowMs - pick([0, 0, 1, 1, 2, 3]) * dayMs - partOfDayMs)
  const changes = changesOfClock(timezone, nowMs)
  if (changes.length > 0 && next() < 0.35) return Math.floor(pick(changes) + (next() - 0.5) * 3 * dayMs * next())
  const days = next() < 0.7 ? pick([4, 6, 7, 8, 13, 20, 29, 30, 31, 38]) : Math.floor(next() * 400)
  return Math.floor(nowMs - days * dayMs - partOfDayMs)
}

const simplifiedIds = ({ next, pick }: Random, devices: readonly string[]): SentIds => {
  const device = pick(devices)
  const user = pick(users)
  if (next() < 0.08) return { distinct_id: '' }
  return pick<SentIds>([
    { distinct_id: user },
    { $user_id: user },
    { distinct_id: `$device:${device}` },
    { $device_id: device, distinct_id: `$device:${device}` },
    { $device_id: device, $user_id: user, distinct_id: user },
  ])
}

const originalIds = ({ next, pick }: Random, devices: readonly string[]): SentIds =>
  next() < 0.08 ? { distinct_id: '' } : { distinct_id: pick([...users, ...devices]) }

interface Identity {
  readonly event: string
  readonly ids: SentIds
  readonly join: Join
  readonly joinProperties: Texts
}

const anIdentityEvent = ({ pick }: Random, devices: readonly string[]): Identity => {
  const [device, user, other] = [pick(devices), pick(users), pick([...users, ...devices])]
  return pick<() => Identity>([
    () => ({
      event: '$identify',
      ids: { distinct_id: user },
      join: { kind: 'identify', from: pick([device, device, other]), to: user },
      joinProperties: {},
    }),
    () => ({
      event: '$create_alias',
      ids: { distinct_id: user },
      join: { kind: 'alias', from: other, to: user },
      joinProperties: {},
    }),
    () => ({
      event: '$merge',
      ids: { distinct_id: user },
      join: { kind: 'merge', from: other, to: user },
      joinProperties: {},
    }),
  ])()
}

const namesOfJoin = ({ kind, from, to }: Join): Texts => {
  if (kind === 'identify') return { $identified_id: json(to), $anon_id: json(from) }
  return kind === 'alias' ? { alias: json(from) } : { $distinct_ids: json([to, from]) }
}

const anEvent = (
  random: Random,
  model: Model,
  devices: readonly string[],
  nowMs: number,
  isRecent: boolean,
): SentEvent => {
  const { next, pick } = random
  const fixed = {
    timeMs: aTime(random, model.timezone, nowMs, isRecent),
    insertId: hex(random, 12),
    properties: propertiesOf(random, model.timezone, nowMs),
  }
  if (model.mode !== 'simplified' && next() < 0.15) {
    const identity = anIdentityEvent(random, devices)
    return { ...identity, ...fixed, joinProperties: namesOfJoin(identity.join) }
  }
  const ids = model.mode === 'simplified' ? simplifiedIds(random, devices) : originalIds(random, devices)
  return { event: pick(eventNames), ids, ...fixed, join: null, joinProperties: {} }
}

/** Sends a few batches of events and profiles; one in eight events came in before, and says something else now. */
export const fillProject = async (random: Random, model: Model, nowMs: number, sink: Sink, rounds: number) => {
  const { next, pick } = random
  const devices = Array.from({ length: 6 }, () => uuid4(random))
  const sent: SentEvent[] = []
  for (let round = 0; round < rounds; round += 1) {
    const by = next() < 0.65 ? 'import' : 'track'
    const batch: SentEvent[] = []
    for (let count = 0; count < 30; count += 1) {
      const again = next() < 0.12 && by === 'import' ? [...sent, ...batch].filter(({ join }) => join === null) : []
      const event = again.length > 0 ? pick(again) : anEvent(random, model, devices, nowMs, by === 'track')
      batch.push(again.length > 0 ? { ...event, properties: propertiesOf(random, model.timezone, nowMs) } : event)
    }
    sent.push(...batch)
    await sink.events(batch, by)
    const ids = [...users, ...devices.map((device) => (model.mode === 'simplified' ? `$device:${device}` : device))]
    const updates = Array.from({ length: 5 }, () => ({
      id: pick(ids),
      texts: profileTexts(random, model.timezone, nowMs),
    }))
    await sink.profiles(updates)
  }
}
