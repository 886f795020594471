import { AppError } from '../../../kernel/errors.ts'
import { maySeeCohort, type SavedCohort, type SavedReports } from '../../reports/index.ts'
import { createCohortSql } from '../cohorts/cohort-sql.ts'
import { resolveCohort } from '../cohorts/resolve-cohort.ts'
import { createBinder } from '../compile/sql-context.ts'
import type { Endpoint, QueryCall } from '../http/query-route.ts'

export interface SavedListDeps {
  readonly saved: Pick<SavedReports, 'cohort' | 'cohorts' | 'cohortCounted' | 'customEvent' | 'funnels'>
}

/** QRY-03: ids and names of saved funnels. */
export const funnelsListEndpoint = ({ saved }: SavedListDeps): Endpoint => ({
  name: 'funnels/list',
  handle: async ({ view }) => {
    const funnels = await saved.funnels(view.scope)
    return { json: funnels.map(({ id, name }) => ({ funnel_id: id, name })) }
  },
})

/** QRY-10: saved cohorts, with how many were in each when it was last computed; one that never was is computed now. */
export const cohortsListEndpoint = ({ saved }: SavedListDeps): Endpoint => ({
  name: 'cohorts/list',
  handle: async (call) => {
    const { principal, project } = call.request
    const all = await saved.cohorts(call.view.scope)
    const cohorts = all.filter((cohort) => maySeeCohort(principal, project.id, cohort))
    const counts = new Map<number, number>()
    for (const cohort of cohorts.filter(isUncounted).slice(0, computedAtOnceMax)) {
      counts.set(cohort.id, await countCohort({ saved }, call, cohort))
    }
    return { json: cohorts.map((cohort) => wireOf(call, cohort, counts.get(cohort.id) ?? cohort.memberCount)) }
  },
})

// The rest follows with the next call.
const computedAtOnceMax = 20

const isUncounted = ({ countedAt, updatedAt, definition }: SavedCohort): boolean =>
  definition.type === 'dynamic' && (countedAt === null || countedAt < updatedAt)

const countCohort = async (
  { saved }: SavedListDeps,
  { view, run }: QueryCall,
  { id, memberCount }: SavedCohort,
): Promise<number> => {
  try {
    const cohort = await resolveCohort({ saved, timezone: view.timezone, nowMs: view.nowMs }, view.scope, id)
    const binder = createBinder(view)
    const members = createCohortSql(view, binder).members(cohort)
    const [row] = await run.rows<{ n: number }>(view, binder, `SELECT count() AS n FROM (${members})`)
    const count = row?.n ?? 0
    // What is seen through a data view is not the whole cohort.
    if (view.dataView === null) await saved.cohortCounted(view.scope, id, count)
    return count
  } catch (error) {
    // It names what was removed since, or what the caller may not see: the list has other cohorts too.
    if (error instanceof AppError && error.status < 500 && error.status !== 429) return memberCount
    throw error
  }
}

const wireOf = (
  { request }: QueryCall,
  { id, name, description, isVisible, createdAt }: SavedCohort,
  count: number,
): object => ({
  count,
  is_visible: isVisible ? 1 : 0,
  description,
  created: createdAt.toISOString().slice(0, 19).replace('T', ' '),
  project_id: request.project.id,
  id,
  name,
})
