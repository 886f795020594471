import { type InsightsDefinition, maySeeCohort } from '../../reports/index.ts'
import { createCohortSql } from '../cohorts/cohort-sql.ts'
import { resolveCohort } from '../cohorts/resolve-cohort.ts'
import type { Expression } from '../domain/expression/nodes.ts'
import { parseExpression } from '../domain/expression/parse.ts'
import { NoSuchCohort } from '../errors.ts'
import type { QueryCall } from '../http/query-route.ts'
import { type IsMemberSql, withCohorts } from '../read-view.ts'
import type { CohortDeps } from './cohort-sizes.ts'

/** What stands for being in a cohort where an expression asks for it. */
const propertyOf = (id: number): string => `$cohort:${id}`

/** A report's call, with the cohorts that it is broken down by; each splits all there is into In and Not in. */
export const withCohortSegments = async <Call extends Pick<QueryCall, 'view' | 'request'>>(
  saved: CohortDeps,
  call: Call,
  { metrics, cohorts: ids = [] }: InsightsDefinition,
): Promise<{ readonly call: Call; readonly segments: Expression | null }> => {
  const { view, request } = call
  const named = metrics.flatMap((metric) => (metric.type === 'cohort' ? [metric.cohort_id] : []))
  const names = new Map<number, string>()
  for (const id of [...ids, ...named]) {
    const cohort = await saved.cohort(view.scope, id)
    const isSeen = cohort !== null && maySeeCohort(request.principal, request.project.id, cohort)
    if (!isSeen) throw new NoSuchCohort(id)
    names.set(id, cohort.name)
  }
  if (ids.length === 0) return { call, segments: null }
  const sqlBy = new Map<string, IsMemberSql>()
  const { timezone, nowMs } = view
  for (const id of ids) {
    const cohort = await resolveCohort({ saved, timezone, nowMs }, view.scope, id)
    sqlBy.set(propertyOf(id), (binder, person) => createCohortSql(view, binder).isMember(cohort, person))
  }
  return { call: { ...call, view: withCohorts(view, sqlBy) }, segments: parseExpression(segmentsText(ids, names)) }
}

/** A list, so that everything counts once for every cohort. */
const segmentsText = (ids: readonly number[], names: ReadonlyMap<number, string>): string => {
  const texts = ids.map((id) => {
    const name = names.get(id) ?? ''
    // Those of one name are told apart.
    const isAlone = ids.every((other) => other === id || names.get(other) !== name)
    const label = isAlone ? name : `${name} (${id})`
    return `if(user["${propertyOf(id)}"], ${JSON.stringify(`In ${label}`)}, ${JSON.stringify(`Not in ${label}`)})`
  })
  return `[${texts.join(', ')}]`
}
