import type { Project } from '../../../kernel/project.ts'

/**
 * A join that an event asks for: `from` is to be the same person as `to`. Of two clusters of one size, that of `to`
 * keeps its canonical id: the identified id, what an alias stands for, the first of a merge.
 */
export interface Join {
  readonly kind: 'identify' | 'alias' | 'merge'
  readonly from: string
  readonly to: string
}

/** The ids that an identity event names, as sent; null: not sent, or empty. */
export interface NamedIds {
  readonly distinctId: string | null
  readonly identifiedId: string | null
  /** `$anon_id`, or `$anon_distinct_id` as SDKs send it. */
  readonly anonymousId: string | null
  readonly alias: string | null
  /** `$distinct_ids`, when it is a list of two. */
  readonly mergedIds: readonly [string, string] | null
}

type ReadJoin = (named: NamedIds) => Join | null

const joinOf = (kind: Join['kind'], from: string | null | undefined, to: string | null | undefined): Join | null =>
  from && to ? { kind, from, to } : null

const readIdentify: ReadJoin = ({ distinctId, identifiedId, anonymousId }) =>
  joinOf('identify', anonymousId, identifiedId ?? distinctId)
const readAlias: ReadJoin = ({ distinctId, alias }) => joinOf('alias', alias, distinctId)
const readMerge: ReadJoin = ({ mergedIds }) => joinOf('merge', mergedIds?.[1], mergedIds?.[0])

/**
 * Which events join people in a mode (identity §2); all others, and these without their ids, are plain events. `$merge`
 * is not in the list for `/track`, where it is dropped (identity §4).
 */
export const joiningEvents: Record<Project['identityMode'], ReadonlyMap<string, ReadJoin>> = {
  simplified: new Map(),
  original: new Map([
    ['$identify', readIdentify],
    ['$create_alias', readAlias],
    ['$merge', readMerge],
  ]),
  legacy: new Map([['$create_alias', readAlias]]),
}
