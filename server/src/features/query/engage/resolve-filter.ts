import type { ProjectScope } from '../../../kernel/scope.ts'
import type { RegionDb } from '../../../platform/clickhouse/region-db.ts'
import { canonicalIds } from '../../identity/index.ts'
import { maySeeCohort, type SavedReports } from '../../reports/index.ts'
import { resolveCohort } from '../cohorts/resolve-cohort.ts'
import { NoSuchCohort, NoSuchDataView, NoSuchGroupKey } from '../errors.ts'
import { optionalText } from '../http/parameters.ts'
import type { QueryCall } from '../http/query-route.ts'
import type { ResolvedFilter } from './profile-rows.ts'
import type { EngageFilter } from './request.ts'

export interface ResolveFilterDeps {
  readonly regionDb: (regionId: string) => RegionDb
  readonly saved: Pick<SavedReports, 'cohort' | 'customEvent' | 'dataViewOfProfiles'>
  /** Key of a group by the text of its `data_group_id`, or by itself; null: the project has none. */
  readonly groupKey: (scope: ProjectScope, dataGroup: string) => Promise<string | null>
}

/** Looks up what a filter names. Throws NoSuchCohort, NoSuchGroupKey. */
export const resolveFilter = async (
  deps: ResolveFilterDeps,
  { view, params, request }: QueryCall,
  filter: EngageFilter,
): Promise<ResolvedFilter> => {
  const { scope, timezone } = view
  const atMs = filter.asOfMs ?? view.nowMs
  const groupKey = filter.dataGroup === null ? null : await deps.groupKey(scope, filter.dataGroup)
  if (filter.dataGroup !== null && groupKey === null) throw new NoSuchGroupKey(filter.dataGroup)
  if (filter.cohortId !== null) {
    const named = await deps.saved.cohort(scope, filter.cohortId)
    const isSeen = named === null || maySeeCohort(request.principal, request.project.id, named)
    if (!isSeen) throw new NoSuchCohort(filter.cohortId)
  }
  const cohort =
    filter.cohortId === null
      ? null
      : await resolveCohort({ saved: deps.saved, timezone, nowMs: atMs }, scope, filter.cohortId)
  const { where, includesAllUsers, behaviors, search } = filter
  return {
    where,
    includesAllUsers,
    behaviors,
    search,
    groupKey,
    cohort,
    nowMs: atMs,
    ids: await idsOf(deps, filter, scope, groupKey !== null, request.signal),
    alsoWhere: groupKey === null ? await dataViewOf(deps, scope, optionalText(params, 'workspace_id')) : null,
  }
}

const idsOf = async (
  { regionDb }: ResolveFilterDeps,
  { distinctIds }: EngageFilter,
  scope: ProjectScope,
  isGroups: boolean,
  signal: AbortSignal,
): Promise<readonly string[] | null> => {
  if (distinctIds === null || isGroups) return distinctIds
  const known = await canonicalIds(regionDb(scope.regionId), scope, distinctIds, signal)
  return [...new Set(known.values())]
}

const dataViewOf = async (
  { saved }: ResolveFilterDeps,
  scope: ProjectScope,
  workspaceId: string | undefined,
): Promise<string | null> => {
  if (workspaceId === undefined) return null
  const where = await saved.dataViewOfProfiles(scope, Number(workspaceId))
  if (where === undefined) throw new NoSuchDataView()
  return where
}
