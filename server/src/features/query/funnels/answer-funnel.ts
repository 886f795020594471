import { InvalidRequest } from '../../../kernel/errors.ts'
import type { FunnelDefinition } from '../../reports/index.ts'
import type { Match } from '../compile/match.ts'
import { allOf } from '../domain/expression/build.ts'
import { sessionEndEvent, sessionStartEvent } from '../domain/sessions/sessions.ts'
import type { QueryCall } from '../http/query-route.ts'
import type { Definitions } from '../ports.ts'
import type { FunnelPlan } from './funnel-plan.ts'
import { type FunnelQuestion, planFunnel } from './plan-funnel.ts'
import { type FunnelAnswer, runFunnel } from './run-funnel.ts'

/** A saved funnel, asked: as it is, or with each of the events that are compared at one of its steps (reports §3). */
export const answerFunnel = async (
  definitions: Definitions,
  call: Pick<QueryCall, 'run' | 'view'>,
  definition: FunnelDefinition,
  question: FunnelQuestion,
): Promise<FunnelAnswer> => {
  const at = definition.steps.findIndex(({ compare }) => compare !== undefined)
  if (at === -1) return runFunnel(call, await planFunnel(definitions, call.view, definition, question))
  if (question.by !== null) throw new InvalidRequest('where events are compared at a step there is no breakdown')
  const variants = variantsOf(definition, at)
  const plans: (readonly [label: string, plan: FunnelPlan])[] = []
  for (const [label, variant] of variants)
    plans.push([label, await planFunnel(definitions, call.view, variant, question)])
  const byKey = new Map<string, FunnelAnswer['all']>()
  for (const [label, plan] of plans) byKey.set(label, (await runFunnel(call, plan)).all)
  const [, first] = plans[0] as (typeof plans)[number]
  const any = anyOf(plans.map(([, { steps }]) => steps[at] as Match))
  const { all } = await runFunnel(call, { ...first, steps: first.steps.with(at, any) })
  return { all, byKey }
}

/** The funnel with each of the compared events, by what that is called. Throws InvalidRequest when two are called the same. */
const variantsOf = (definition: FunnelDefinition, at: number): ReadonlyMap<string, FunnelDefinition> => {
  const { compare = [], ...own } = definition.steps[at] as FunnelDefinition['steps'][number]
  const variants = new Map<string, FunnelDefinition>()
  for (const { event, where, label } of [own, ...compare]) {
    const name = label ?? event
    if (event === sessionStartEvent || event === sessionEndEvent) {
      throw new InvalidRequest(`${event} cannot be compared with other events`)
    }
    if (variants.has(name)) throw new InvalidRequest(`two of the compared events are called ${name}: give them labels`)
    const { where: _, label: __, ...kept } = own
    const step = {
      ...kept,
      event,
      ...(where === undefined ? {} : { where }),
      ...(label === undefined ? {} : { label }),
    }
    variants.set(name, { ...definition, steps: definition.steps.with(at, step) })
  }
  return variants
}

/** Any of the matches, for the funnel of all of them together. */
const anyOf = (matches: readonly Match[]): Match => {
  const isFirst = matches.some((match) => match.isFirst)
  if (isFirst) throw new InvalidRequest('events cannot be compared at a step that is of a first time')
  if (matches.some(({ selection }) => selection === null)) {
    throw new InvalidRequest('any event cannot be compared with one of them')
  }
  const parts = matches.flatMap(({ selection, where }) =>
    (selection?.parts ?? []).map((part) => {
      const filters = [part.where, where].filter((filter) => filter !== null)
      return { event: part.event, where: allOf(filters) }
    }),
  )
  return { selection: { label: '$overall', parts }, where: null }
}
