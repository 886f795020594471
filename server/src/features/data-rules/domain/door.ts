import { isJsonObject, type JsonValue } from '../../../kernel/json.ts'
import { anonymised } from './anonymise.ts'
import type { ConsentPolicy, DataRules, RuleValue } from './data-rules.ts'
import { storedName } from './names.ts'
import { type Changes, changed, changesOf, type HashText } from './property-rules.ts'

export type RuleDropReason = 'blocked-event' | 'drop-filter' | 'consent-gpc' | 'consent-dnt' | 'consent-property'

/** What a browser says about its user with the request; false where nobody's browser sends it. */
export interface Signals {
  readonly gpc: boolean
  readonly dnt: boolean
}

export type Passed =
  | { readonly kind: 'pass'; readonly record: JsonValue | undefined; readonly isAnonymous: boolean }
  | { readonly kind: 'drop'; readonly reason: RuleDropReason }

/** The rules of one project, ready to be asked for each record. Nothing of a record is kept. */
export interface Door {
  /** A record of `/track` or `/import`, as sent. What is no event passes: others say what is wrong with it. */
  event(record: JsonValue | undefined, signals: Signals): Passed
  /** A record of `/engage` or `/groups`, as sent. What takes away (`$delete`, `$unset`, `$remove`) always passes. */
  update(record: JsonValue | undefined, signals: Signals): Passed
}

type Properties = { readonly [name: string]: JsonValue }

export const openDoor = (rules: DataRules, hash: HashText): Door => {
  const blocked = new Set(rules.blocked_events)
  const filters = Map.groupBy(rules.drop_filters.map(filterOf), ({ event }) => event)
  const refusal = consentOf(rules)
  const ofEvents = rules.properties.filter((rule) => rule.of.includes('events'))
  const byEvent = Map.groupBy([...ofEvents.entries()], ([, { event }]) => event)
  const ofEvery = byEvent.get(undefined) ?? []
  const inOrder = (rules: typeof ofEvery) =>
    changesOf(
      rules.toSorted(([one], [other]) => one - other).map(([, rule]) => rule),
      hash,
    )
  const everyEvent = inOrder(ofEvery)
  const changesOfEvent = new Map<string | undefined, Changes>(
    [...byEvent].map(([name, rules]) => [name, name === undefined ? everyEvent : inOrder([...ofEvery, ...rules])]),
  )
  const everyProfile = changesOf(
    rules.properties.filter((rule) => rule.of.includes('profiles')),
    hash,
  )

  return {
    event: (record, signals) => {
      if (!isJsonObject(record)) return pass(record)
      const { event: name, properties } = record
      if (typeof name !== 'string' || !isJsonObject(properties)) return pass(record)
      const stored = storedName(name)
      if (blocked.has(stored)) return drop('blocked-event')
      if (filters.get(stored)?.some(({ matches }) => matches(properties))) return drop('drop-filter')
      const refused = refusal(signals, [properties])
      // What only says which ids are one person is worth nothing without them.
      const isAnonymous = refused?.policy === 'anonymise'
      if (refused?.policy === 'drop' || (isAnonymous && identityEvents.has(name))) return drop(refused.reason)
      const ruled = changed(properties, changesOfEvent.get(stored) ?? everyEvent)
      const left = isAnonymous ? anonymised(ruled) : ruled
      return left === properties ? pass(record) : pass({ ...record, properties: left }, isAnonymous)
    },

    update: (record, signals) => {
      if (!isJsonObject(record)) return pass(record)
      const said = [record['$set'], record['$set_once']].filter(isJsonObject)
      const refused = refusal(signals, said)
      if (refused === null) return pass(ruledUpdate(record, everyProfile))
      const left = Object.fromEntries(Object.entries(record).filter(([name]) => !giving.has(name)))
      return taking.some((name) => left[name] !== undefined)
        ? pass(ruledUpdate(left, everyProfile), true)
        : drop(refused.reason)
    },
  }
}

const pass = (record: JsonValue | undefined, isAnonymous = false): Passed => ({ kind: 'pass', record, isAnonymous })
const drop = (reason: RuleDropReason): Passed => ({ kind: 'drop', reason })

const identityEvents: ReadonlySet<string> = new Set(['$identify', '$create_alias', '$merge'])
const giving: ReadonlySet<string> = new Set(['$set', '$set_once', '$add', '$union', '$append'])
const taking = ['$delete', '$unset', '$remove'] as const
const withValues = ['$set', '$set_once', '$union', '$append', '$remove'] as const

/** An operation that is left without properties stays: it may still be what makes the profile. */
const ruledUpdate = (record: Properties, changes: Changes): Properties => {
  if (changes.size === 0) return record
  const left: Record<string, JsonValue> = { ...record }
  for (const name of withValues) {
    const operand = record[name]
    if (isJsonObject(operand)) left[name] = changed(operand, changes)
  }
  // Nothing can be added to what is hashed or cut.
  const { $add: added } = record
  if (isJsonObject(added)) {
    left['$add'] = Object.fromEntries(Object.entries(added).filter(([name]) => !changes.has(storedName(name))))
  }
  return left
}

const textOf = (value: JsonValue): string => JSON.stringify(typeof value === 'string' ? storedName(value) : value)

/** True when the value, or an element of a list, is one of `values`. */
const isOneOf = (values: readonly RuleValue[]): ((value: JsonValue | undefined) => boolean) => {
  const texts = new Set(values.map(textOf))
  const isIn = (value: JsonValue): boolean =>
    (typeof value !== 'object' || value === null || !(Array.isArray(value) || isJsonObject(value))) &&
    texts.has(textOf(value))
  return (value) => {
    if (value === undefined) return false
    return Array.isArray(value) ? value.some(isIn) : isIn(value)
  }
}

/** The value of a property by the name that it is stored under. */
const valueNamed = (properties: Properties, name: string): JsonValue | undefined => {
  if (Object.hasOwn(properties, name)) return properties[name]
  // Only a name as long as names may be can be another one that was cut.
  if (name.length * 3 < 250) return undefined
  return properties[Object.keys(properties).find((sent) => storedName(sent) === name) ?? '']
}

const filterOf = ({ event, properties }: DataRules['drop_filters'][number]) => {
  const criteria = properties.map(({ name, values }) => ({ name, isMet: isOneOf(values) }))
  return {
    event,
    matches: (sent: Properties): boolean => criteria.every(({ name, isMet }) => isMet(valueNamed(sent, name))),
  }
}

interface Refusal {
  readonly policy: ConsentPolicy
  readonly reason: RuleDropReason
}

/** What holds for a record, the strictest first; null: it may be stored as it is. */
const consentOf = ({ consent }: DataRules) => {
  const { property } = consent
  const saysNo = property === null ? null : isOneOf(property.values)
  return (signals: Signals, said: readonly Properties[]): Refusal | null => {
    const refusals: Refusal[] = []
    if (signals.gpc) refusals.push({ policy: consent.sec_gpc, reason: 'consent-gpc' })
    if (signals.dnt) refusals.push({ policy: consent.dnt, reason: 'consent-dnt' })
    if (property !== null && said.some((properties) => saysNo?.(valueNamed(properties, property.name)) === true)) {
      refusals.push({ policy: property.policy, reason: 'consent-property' })
    }
    return (
      refusals.find(({ policy }) => policy === 'drop') ?? refusals.find(({ policy }) => policy === 'anonymise') ?? null
    )
  }
}
