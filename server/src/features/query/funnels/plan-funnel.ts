import { InvalidRequest } from '../../../kernel/errors.ts'
import { dayMs } from '../../../kernel/time.ts'
import { customEventId, type FunnelDefinition, type FunnelStep, windowSeconds } from '../../reports/index.ts'
import { type Match, selectionOf } from '../compile/match.ts'
import { allOf } from '../domain/expression/build.ts'
import type { Expression } from '../domain/expression/nodes.ts'
import { parseExpression } from '../domain/expression/parse.ts'
import { sessionEndEvent, sessionStartEvent } from '../domain/sessions/sessions.ts'
import type { Buckets } from '../domain/time/buckets.ts'
import type { Definitions } from '../ports.ts'
import type { ReadView } from '../read-view.ts'
import type { FunnelPlan, VirtualPart } from './funnel-plan.ts'

export interface FunnelQuestion {
  readonly buckets: Buckets
  /** Beside the funnel's own. */
  readonly where: string | null
  readonly by: FunnelPlan['by']
}

interface Selector {
  readonly event: string
  readonly where?: string | undefined
  readonly first_time?: true | undefined
}

/** A saved funnel and a question about it as a plan. Throws InvalidRequest for what cannot be asked. */
export const planFunnel = async (
  definitions: Definitions,
  view: ReadView,
  definition: FunnelDefinition,
  { buckets, where, by }: FunnelQuestion,
): Promise<FunnelPlan> => {
  const matchOf = async ({ event, where: filter, first_time }: Selector): Promise<Match> => {
    const isFirst = first_time === true
    const isVirtual = event === sessionStartEvent || event === sessionEndEvent
    if (isVirtual && definition.counting === 'sessions' && (filter !== undefined || isFirst)) {
      throw new InvalidRequest(`${event} cannot be filtered where sessions are counted`)
    }
    return {
      selection: await selectionOf(definitions, view, event),
      where: filter === undefined ? null : parseExpression(filter),
      isFirst,
    }
  }
  const { steps, exclusions } = definition
  const last = steps.length - 1
  const parts: readonly Selector[] = [...steps, ...exclusions]
  // Where no sessions are counted they are events like others (`compile/session-rows.ts`).
  const virtual = parts.flatMap(({ event }, part): readonly VirtualPart[] => {
    if (definition.counting !== 'sessions') return []
    if (event === sessionStartEvent) return [{ part, at: 'start' }]
    return event === sessionEndEvent ? [{ part, at: 'end' }] : []
  })
  const filters = [definition.where, where].filter((text) => text !== null && text !== undefined)
  return {
    steps: await Promise.all(steps.map(matchOf)),
    excluded: await Promise.all(exclusions.map(matchOf)),
    stepCount: steps.length,
    blocks: blocksOf(definition),
    ...windowOf(definition),
    exclusions: exclusions.map(({ from_step: from = 0, to_step: to = last }, at) => ({
      part: steps.length + at,
      from,
      to,
    })),
    isOptimized: definition.reentry === 'optimized',
    counting: definition.counting,
    attribution: definition.attribution,
    held: definition.hold_constant,
    isBreakdownHeld: by !== null && isHeld(definition, by.on),
    buckets,
    where: allOf(filters.map((text) => parseExpression(text))),
    by,
    sessions: definition.counting === 'sessions' ? view.custom.sessions : null,
    virtual,
    entity: definition.group_key ?? null,
    sumOf: definition.sum_property ?? null,
    isTimed: definition.time_to_convert !== undefined,
  }
}

const isHeld = ({ hold_constant: held }: FunnelDefinition, on: Expression): boolean =>
  on.kind === 'property' && on.of === 'event' && held.includes(on.name)

/** In any order: anchored steps come after everything before them, the others in one block with their neighbours. */
const blocksOf = ({ steps, order }: FunnelDefinition): readonly (readonly number[])[] => {
  const blocks: number[][] = []
  let isOpen = false
  for (const [at, { anchored }] of steps.entries()) {
    const isAlone = order === 'specific' || anchored === true
    if (isAlone || !isOpen) blocks.push([at])
    else blocks.at(-1)?.push(at)
    isOpen = !isAlone
  }
  return blocks
}

// Somebody's next sessions may be long in coming: half a year is looked through for them. One ends at midnight.
const severalSessionsMs = 183 * dayMs
const oneSessionMs = 2 * dayMs

const windowOf = ({ length, length_unit: unit, counting }: FunnelDefinition) => {
  const sessionCount = unit === 'session' ? length : counting === 'sessions' ? 1 : null
  const longestMs = sessionCount === 1 ? oneSessionMs : severalSessionsMs
  const seconds = windowSeconds(length, unit)
  if (sessionCount === null) return { sessionCount, windowMs: (seconds ?? 0) * 1_000 }
  return { sessionCount, windowMs: seconds === null ? longestMs : Math.min(seconds * 1_000, longestMs) }
}

/** The steps with a label for each custom event that has none of its own: what people call it. */
export const labeledSteps = (
  definitions: Definitions,
  { scope }: ReadView,
  steps: readonly FunnelStep[],
): Promise<readonly FunnelStep[]> =>
  Promise.all(
    steps.map(async (step) => {
      const id = customEventId(step.event)
      if (id === null || step.label !== undefined) return step
      const label = (await definitions.customEvent(scope, id))?.name
      return label === undefined ? step : { ...step, label }
    }),
  )

/** The id in a step's `$custom_event:<id>`, for answers. */
export const customEventOf = (event: string) => {
  const id = customEventId(event)
  return id === null ? {} : { custom_event: true, custom_event_id: id }
}
