import type { Entity } from '../compile/entity.ts'
import type { Match } from '../compile/match.ts'
import type { Expression } from '../domain/expression/nodes.ts'
import type { CountingRules } from '../domain/funnel/person.ts'
import type { SessionRules } from '../domain/sessions/sessions.ts'
import type { Buckets } from '../domain/time/buckets.ts'

export interface VirtualPart {
  readonly part: number
  readonly at: 'start' | 'end'
}

/** A funnel and the question about it. `CountingRules` say how one person's events are counted. */
export interface FunnelPlan extends CountingRules {
  readonly steps: readonly Match[]
  readonly excluded: readonly Match[]
  /** Event properties that keep one value. */
  readonly held: readonly string[]
  /** Of entries; each is a funnel of its own. */
  readonly buckets: Buckets
  /** After the query: drops whole attempts. */
  readonly where: Expression | null
  readonly by: { readonly on: Expression; readonly limit: number } | null
  /** Null: sessions do not matter. */
  readonly sessions: SessionRules | null
  /** Parts that a session's beginning or end plays, rather than a stored event. */
  readonly virtual: readonly VirtualPart[]
  /** Whose attempts they are. */
  readonly entity: Entity
  /** Event property that is added up per step. */
  readonly sumOf: string | null
  /** Whether the lengths of all attempts of totals are kept, one by one. */
  readonly isTimed: boolean
}

/**
 * What can be said in one statement: one attempt per person, bucket and value of a breakdown, and no event that could take
 * two steps, so that each step just takes the earliest of its events.
 */
export const isSimple = (plan: FunnelPlan): boolean =>
  plan.counting === 'uniques' &&
  !plan.isOptimized &&
  plan.sessions === null &&
  plan.excluded.length === 0 &&
  plan.held.length === 0 &&
  plan.where === null &&
  plan.sumOf === null &&
  !plan.isTimed &&
  plan.steps.length <= stepsInOneStatement &&
  plan.blocks.every(({ length }) => length === 1) &&
  haveDifferentEvents(plan.steps)

// Each is a query within a query; the engine takes a hundred.
const stepsInOneStatement = 20

const haveDifferentEvents = (steps: readonly Match[]): boolean => {
  const names = steps.flatMap(({ selection }) => [...new Set(selection?.parts.map(({ event }) => event) ?? [''])])
  return new Set(names).size === names.length && !names.includes('')
}
