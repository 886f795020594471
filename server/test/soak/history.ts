import { randomOf } from '../fault/fault-rig.ts'
import type { EventRecord, Request } from './model.ts'
import type { Mode, Properties } from './model-identities.ts'

/** How a request reaches the servers: once; again, as after an answer that was lost; or at both at the same time. */
export type Delivery = 'once' | 'again here' | 'again there' | 'at once'

export type Step =
  | { readonly kind: 'send'; readonly request: Request; readonly delivery: Delivery; readonly server: 0 | 1 }
  | {
      readonly kind: 'erase'
      readonly ids: readonly string[]
      readonly suppress: boolean
      readonly server: 0 | 1
      /** Sent while the erasure starts. */
      readonly meanwhile: readonly Request[]
    }
  | { readonly kind: 'look'; readonly server: 0 | 1 }

/** A random life of a few people of one project. The same seed and mode give the same one, but for the time. */
export interface History {
  readonly seed: number
  readonly mode: Mode
  readonly steps: readonly Step[]
  /** Every id that it names. */
  readonly ids: readonly string[]
  /** Of every event's `$insert_id`; events carry nothing else that is sure to tell histories apart. */
  readonly prefix: string
}

export interface HistoryOptions {
  readonly mode: Mode
  readonly nowMs: number
  /** Only what may be said again in any order: no erasures, and no update whose repetition changes something. */
  readonly isRepeatable?: boolean
  readonly ageMaxSeconds?: number
  /** Requests at least, and twice as many at most. */
  readonly length?: number
}

const hour = 3_600
const day = 24 * hour

/** Source of all that is random in one history. */
const diceOf = (seed: number) => {
  const random = randomOf(seed)
  const upTo = (count: number) => Math.floor(random() * count)
  return {
    upTo,
    chance: (probability: number) => random() < probability,
    pick: <T>(list: readonly T[]): T => list[upTo(list.length)] as T,
    uuid4: () => 'xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx'.replaceAll('x', () => '0123456789abcdef'.charAt(upTo(16))),
  }
}
type Dice = ReturnType<typeof diceOf>

const values = [1.5, 'x', 'ünï "q" \\', null, true, [1, 'y', null], { deep: { er: [] } }, 12_345_678_901, '']

export const historyOf = (seed: number, options: HistoryOptions): History => {
  const { mode, nowMs, isRepeatable = false, length = 6 } = options
  const dice = diceOf(seed)
  const { pick, upTo, chance } = dice
  const prefix = `h${seed}-`
  const users = [0, 1, 2].map((index) => `${prefix}user ${index}`)
  const bare = mode === 'legacy' ? [3, 4, 5].map((index) => `${prefix}user ${index}`) : [0, 1, 2].map(dice.uuid4)
  const ids = [...users, ...(mode === 'simplified' ? bare.map((id) => `$device:${id}`) : bare)]
  let named = 0

  const event = (surface: 'track' | 'import', name: string, who: Properties): EventRecord => {
    named += 1
    const ageMaxSeconds = options.ageMaxSeconds ?? (surface === 'track' ? 4 * day : 20 * day)
    const time = Math.floor(nowMs / 1_000) - 60 - upTo(ageMaxSeconds)
    const own = { [pick(['plan', 'prïce', 'a.b'])]: pick(values) }
    return { event: name, properties: { time, $insert_id: `${prefix}${named}`, ...own, ...who } }
  }
  const parts = { dice, users, bare, ids }
  const eventRecord = (surface: 'track' | 'import'): EventRecord => {
    const isJoin = chance(0.4)
    const [name, who] = isJoin ? joinOf(mode, parts) : ['Did', whoOf(mode, parts)]
    return event(surface, name, who)
  }
  const update = (): Properties => {
    named += 1
    const operation = isRepeatable ? repeatable(dice, named) : pick(operations)(dice)
    // Said again after the join, an update is for another profile: that of the user or the original (identity §3.3, §5).
    const ignoresAlias = isRepeatable ? mode !== 'original' : mode === 'legacy' && chance(0.15)
    return { $distinct_id: pick(ids), ...operation, ...(ignoresAlias ? { $ignore_alias: true } : {}) }
  }
  const request = (): Request => {
    const count = chance(0.5) ? 1 : 2 + upTo(3)
    const surface = pick(['track', 'track', 'import', 'engage'] as const)
    if (surface === 'engage') return { surface, records: Array.from({ length: count }, update) }
    return { surface, records: Array.from({ length: count }, () => eventRecord(surface)) }
  }
  const server = () => upTo(2) as 0 | 1
  const send = (): Step => {
    const delivery = chance(0.6) ? 'once' : pick(['again here', 'again there', 'at once'] as const)
    return { kind: 'send', request: request(), delivery, server: server() }
  }
  /** Plain events make no link and no join: all that is open is on which side of the start they came. */
  const erase = (): Step => {
    const ofWhom = chance(0.8) ? [pick(ids)] : [pick(ids), pick(ids), `${prefix}nobody`]
    const meanwhile = Array.from({ length: upTo(3) }, (): Request => {
      return { surface: 'track', records: [event('track', 'Meanwhile', { distinct_id: pick(ids) })] }
    })
    return { kind: 'erase', ids: ofWhom, suppress: chance(0.1), server: server(), meanwhile }
  }

  const steps: Step[] = Array.from({ length: length + upTo(length) }, send)
  if (!isRepeatable) {
    const putSomewhere = (step: Step) => steps.splice(3 + upTo(steps.length - 3), 0, step)
    putSomewhere(erase())
    if (chance(0.25)) putSomewhere(erase())
    if (chance(0.5)) putSomewhere({ kind: 'look', server: server() })
  }
  return { seed, mode, steps, ids: [...ids, `${prefix}nobody`], prefix }
}

interface Parts {
  readonly dice: Dice
  readonly users: readonly string[]
  /** Devices without prefix, anonymous ids, or more users. */
  readonly bare: readonly string[]
  readonly ids: readonly string[]
}

/** Whose a plain event is, in the forms that clients of the mode send. */
const whoOf = (mode: Mode, { dice, users, bare, ids }: Parts): Properties => {
  if (dice.chance(0.05)) return { distinct_id: '' }
  if (mode !== 'simplified') return { distinct_id: dice.pick(ids) }
  const [user, $device_id] = [dice.pick(users), dice.pick(bare)]
  const device = `$device:${$device_id}`
  return dice.pick<Properties>([
    { distinct_id: user },
    { distinct_id: user, $user_id: user },
    { distinct_id: device },
    { $device_id },
    { distinct_id: device, $device_id },
  ])
}

const joinOf = (mode: Mode, { dice, users, bare, ids }: Parts): readonly [string, Properties] => {
  const [user, other, id] = [dice.pick(users), dice.pick(ids), dice.pick(ids)]
  const anonymous = dice.pick(bare)
  if (mode === 'simplified') {
    const names = { $device_id: anonymous, $user_id: user }
    return [
      dice.pick(['Did', '$identify', '$create_alias']),
      dice.chance(0.5) ? { distinct_id: user, ...names } : names,
    ]
  }
  const anon = dice.chance(0.85) ? anonymous : other
  return dice.pick<readonly [string, Properties]>([
    ['$identify', { $identified_id: user, $anon_id: anon }],
    ['$identify', { distinct_id: user, $user_id: user, $anon_distinct_id: anon }],
    ['$create_alias', { distinct_id: id, alias: other }],
    ['$create_alias', { distinct_id: user, alias: anonymous }],
    // Of the original mode; elsewhere it is a plain event and has to say whose.
    ['$merge', { $distinct_ids: [id, other], distinct_id: id }],
  ])
}

const operations: readonly ((dice: Dice) => Properties)[] = [
  ({ pick }) => ({ $set: { plan: pick(['free', 'pro']), [pick(['a', 'b'])]: pick(values) } }),
  ({ upTo }) => ({ $set_once: { first: upTo(9), a: upTo(9) } }),
  ({ upTo }) => ({ $add: { visits: 1 + upTo(5) } }),
  ({ pick }) => ({ $append: { log: pick([1, 'x', { y: 1 }]) } }),
  ({ pick }) => ({ $union: { tags: [pick(['a', 'b']), pick(['c', 'd'])] } }),
  ({ pick }) => ({ $remove: { tags: pick(['a', 'b', 'c', 'd']) } }),
  ({ pick }) => ({ $unset: [pick(['a', 'b', 'first'])] }),
  () => ({ $delete: '' }),
]

/** No two updates of a history set the same name, so that their order does not matter. */
const repeatable = ({ pick, upTo }: Dice, count: number): Properties =>
  pick<Properties>([
    { $set: { [`set ${count}`]: upTo(9) } },
    { $set_once: { [`once ${count}`]: upTo(9) } },
    { $union: { [`union ${count}`]: ['a'] } },
  ])
