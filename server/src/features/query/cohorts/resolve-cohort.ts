import type { ProjectScope } from '../../../kernel/scope.ts'
import type { CohortCondition, CohortLeaf, SavedReports } from '../../reports/index.ts'
import { customEventId } from '../../reports/index.ts'
import type { TimeRange } from '../compile/event-source.ts'
import { rangeOfDays } from '../domain/time/buckets.ts'
import { rangeDays } from '../domain/time/days.ts'
import { NoSuchCohort } from '../errors.ts'

export type Comparison = '==' | '!=' | '>' | '>=' | '<' | '<='

export interface Occurrences {
  /** Any of these; null: any event at all. */
  readonly selectors: readonly { readonly event: string; readonly where?: string | undefined }[] | null
  /** On each of them. */
  readonly where: string | null
}

export interface SequenceCondition {
  readonly kind: 'sequence'
  readonly steps: readonly Occurrences[]
  /** From the first step to the last. */
  readonly withinMs: number | null
  readonly range: TimeRange | null
}

export interface DidCondition extends Occurrences {
  readonly kind: 'did'
  readonly aggregate: 'count' | 'sum' | 'average' | 'min' | 'max' | 'distinct'
  readonly property: string | null
  readonly comparison: Comparison
  readonly value: number
  readonly range: TimeRange | null
}

/** A cohort with everything that it names looked up: nothing but the region engine is needed any more. */
export type ResolvedCohort =
  | DidCondition
  | SequenceCondition
  | { readonly kind: 'profile'; readonly where: string }
  /** Of a static cohort; version null: nobody was uploaded yet. */
  | { readonly kind: 'members'; readonly cohortId: number; readonly version: string | null }
  | { readonly kind: 'not'; readonly term: ResolvedCohort }
  | { readonly kind: 'and'; readonly terms: readonly ResolvedCohort[] }
  | { readonly kind: 'or'; readonly terms: readonly ResolvedCohort[] }

export interface ResolveDeps {
  readonly saved: Pick<SavedReports, 'cohort' | 'customEvent'>
  readonly timezone: string
  readonly nowMs: number
}

/** Stands for any event in a condition. */
export const anyEvent = '$any_event'

// Cohorts name each other at most ten levels deep when they are saved; this is for what was changed since.
const depthMax = 20

/** Looks up a cohort and all that it names. Throws NoSuchCohort. */
export const resolveCohort = async (
  deps: ResolveDeps,
  scope: ProjectScope,
  id: number,
  depth = 0,
): Promise<ResolvedCohort> => {
  const cohort = depth > depthMax ? null : await deps.saved.cohort(scope, id)
  if (cohort === null) throw new NoSuchCohort(id)
  const { definition } = cohort
  if (definition.type === 'static') return { kind: 'members', cohortId: id, version: cohort.memberVersion }
  return resolveCondition(deps, scope, definition.condition, depth)
}

const resolveCondition = async (
  deps: ResolveDeps,
  scope: ProjectScope,
  condition: CohortCondition,
  depth: number,
): Promise<ResolvedCohort> => {
  switch (condition.type) {
    case 'group': {
      const terms: ResolvedCohort[] = []
      for (const inner of condition.conditions) terms.push(await resolveCondition(deps, scope, inner, depth))
      return { kind: condition.operator, terms }
    }
    case 'cohort': {
      const term = await resolveCohort(deps, scope, condition.cohort_id, depth + 1)
      return condition.is_member ? term : { kind: 'not', term }
    }
    case 'profile':
      return { kind: 'profile', where: condition.where }
    case 'sequence': {
      const { steps, within, window } = condition
      return {
        kind: 'sequence',
        steps: await Promise.all(steps.map((step) => occurrencesOf(deps, scope, step))),
        withinMs: within === undefined ? null : within.length * unitMs[within.unit],
        range: window === undefined ? null : rangeOf(window, deps.timezone, deps.nowMs),
      }
    }
    case 'did': {
      const did: DidCondition = {
        ...(await resolveEvent(deps, scope, condition)),
        aggregate: condition.aggregate,
        property: condition.property ?? null,
        comparison: condition.comparison,
        value: condition.value,
      }
      // The first time was within the window if there was one in it and none before.
      const before = { ...did, range: { fromMs: 0, toMs: did.range?.fromMs ?? 0 } }
      return condition.first_time ? { kind: 'and', terms: [did, { kind: 'not', term: before }] } : did
    }
    case 'did_not': {
      const did = await resolveEvent(deps, scope, condition)
      const once = { aggregate: 'count', property: null, comparison: '>=', value: 1 } as const
      return { kind: 'not', term: { ...did, ...once } }
    }
  }
}

const occurrencesOf = async (
  { saved }: ResolveDeps,
  scope: ProjectScope,
  { event, where }: { readonly event: string; readonly where?: string | undefined },
): Promise<Occurrences> => {
  const id = customEventId(event)
  // One that was removed since happens no more.
  const selectors = id === null ? [{ event }] : ((await saved.customEvent(scope, id))?.events ?? [])
  return { selectors: event === anyEvent ? null : selectors, where: where ?? null }
}

const resolveEvent = async (
  deps: ResolveDeps,
  scope: ProjectScope,
  { event, where, window }: Extract<CohortLeaf, { readonly type: 'did' | 'did_not' }>,
) => {
  const { timezone, nowMs } = deps
  return {
    kind: 'did',
    ...(await occurrencesOf(deps, scope, { event, where })),
    range: window === undefined ? null : rangeOf(window, timezone, nowMs),
  } as const
}

const unitMs = {
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
  month: 2_592_000_000,
} as const

const rangeOf = (
  window: NonNullable<Extract<CohortLeaf, { readonly type: 'did' }>['window']>,
  timezone: string,
  nowMs: number,
): TimeRange =>
  'last' in window
    ? { fromMs: nowMs - window.last * unitMs[window.unit], toMs: nowMs }
    : rangeOfDays(timezone, rangeDays(window.from_date, window.to_date))
