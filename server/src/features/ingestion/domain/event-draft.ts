import type { JsonValue } from '../../../kernel/json.ts'
import type { PlaceOf } from './where-from.ts'

export type DropReason =
  | 'ignored'
  | 'older-than-five-days'
  | 'unknown-token'
  | 'suppressed'
  | 'merge-on-track'
  | 'blocked-event'
  | 'drop-filter'
  | 'consent-gpc'
  | 'consent-dnt'
  | 'consent-property'

export type RejectReason =
  | 'not-json'
  | 'not-an-object'
  | 'event-missing'
  | 'properties-missing'
  | 'token-missing'
  | 'too-many-tokens'
  | 'time-missing'
  | 'time-not-a-number'
  | 'time-before-1971'
  | 'time-in-future'
  | 'distinct-id-missing'
  | 'distinct-id-not-a-string'
  | 'distinct-id-not-a-person'
  | 'insert-id-missing'
  | 'insert-id-malformed'
  | 'invalid-utf8'
  | 'too-many-properties'
  | 'object-too-wide'
  | 'object-too-deep'
  | 'array-too-long'
  | 'value-too-large'
  | 'event-too-large'

/** Ends the way of a record through the steps. */
export type Verdict =
  | { readonly kind: 'drop'; readonly reason: DropReason }
  | { readonly kind: 'reject'; readonly reason: RejectReason; readonly field: string; readonly message: string }

export interface Ids {
  readonly deviceId: string | null
  readonly userId: string | null
  readonly distinctId: string | null
}

export interface Link {
  readonly from: string
  readonly to: string
}

/** `from` is to be the same person as `to`, if that may be: it is decided after the steps (identity §4). */
export interface Join extends Link {
  readonly kind: 'identify' | 'alias' | 'merge'
}

/** Ids that an identity event names, as sent; null: not sent, or empty. */
export interface NamedIds {
  readonly distinctId: string | null
  readonly identifiedId: string | null
  readonly anonymousId: string | null
  readonly alias: string | null
  readonly mergedIds: readonly [string, string] | null
}

/** What the steps of one request know. Nothing here changes while they run. */
export interface StepContext {
  readonly projectId: number
  readonly nowMs: number
  /** Text of the server-added properties that are the same for the whole request, as members of the row's map. */
  readonly serverPropertiesText: string
  /** The project's identity mode. */
  readonly resolveIds: (sent: Ids) => Ids & { readonly link: Link | null }
  /** Names of the events that ask for a join in the project's mode, and how each does. */
  readonly joiningEvents: ReadonlyMap<string, (named: NamedIds) => Join | null>
  /** Id for events without one (identity §8); null: such events belong to nobody. */
  readonly anonymousId: (() => string) | null
  readonly newInsertId: () => string
  /** Null: there is no geo database. */
  readonly placeOf: PlaceOf | null
  /** Counts an event of an id (identity §7); null: nobody counts. */
  readonly hotness: ((distinctId: string, timeMs: number) => 'usual' | 'becomes-hot' | 'hot') | null
}

/**
 * One record on its way to a row. Steps fill it in place instead of copying it: a copy per step and event would cost
 * more than the steps do. It never leaves the runner.
 */
export interface Draft {
  readonly record: JsonValue | undefined
  event: string
  properties: { readonly [key: string]: JsonValue }
  timeMs: number
  ids: Ids
  link: Link | null
  join: Join | null
  distinctId: string
  insertId: string
  /** Members of the row's map, each `"name":"raw JSON text"`. */
  propertiesText: string
  /** Members of the row's map that say where the event came from. */
  placeText: string
  /** Bytes of the record as compact JSON, before anything was shortened or removed. */
  sizeBytes: number
  /** This event is the first of its day that is one too many for its id. */
  becomesHot: boolean
}

/** One rule. Null: go on. */
export type Step = (draft: Draft, context: StepContext) => Verdict | null

/** A rule about the record alone. */
export type ShapeStep = (draft: Draft) => Verdict | null

/** ING-09: the documented pattern of messages. */
export const reject = (reason: RejectReason, field: string, why: string): Verdict => ({
  kind: 'reject',
  reason,
  field,
  message: `'${field}' is invalid: ${why}`,
})
