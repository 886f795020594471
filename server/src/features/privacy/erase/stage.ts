import { assert } from '../../../kernel/errors.ts'
import { projectScope } from '../../../kernel/scope.ts'
import type { PersonalDataHolder, Subject } from '../../../kernel/subject.ts'
import type { Clusters } from '../domain/ports.ts'
import type { HolderEvidence, PrivacyTask } from '../domain/task.ts'
import type { IdLists } from '../store/id-lists.ts'
import type { StagedTask } from './batch.ts'

export interface StageDeps {
  readonly idLists: IdLists
  readonly clusters: Clusters
  readonly holders: readonly PersonalDataHolder[]
  readonly nowMs: () => number
}

/**
 * STAGING: expands the ids to identity clusters and lets every holder count what it holds. This is the dry run:
 * nothing is changed, and the task can still be canceled (PRIV-09, PRIV-20).
 */
export const stageTask = async (deps: StageDeps, task: PrivacyTask): Promise<StagedTask> => {
  const startedAtMs = deps.nowMs()
  const scope = projectScope(task.projectId, task.region)
  const list = task.idsObjectKey === null ? null : await deps.idLists.read(task.idsObjectKey)
  // A lost list is not an empty one: nobody could say who was to be erased.
  assert(list !== null, 'the list of ids is gone')
  const requested = list.distinct_ids
  const distinctIds = await deps.clusters.expand(scope, requested)
  const subject: Subject = { distinctIds, ingestedUntil: null }
  const holders: HolderEvidence[] = []
  for (const holder of deps.holders) {
    const { rowCount, partitions } = await holder.count(scope, subject)
    holders.push({
      holder: holder.name,
      rows_before: rowCount,
      partitions_before: partitions,
      rows_after: null,
    })
  }
  const held = await deps.clusters.heldIds(scope, requested)
  return {
    task,
    scope,
    distinctIds,
    evidence: {
      ids_requested: task.distinctIdCount,
      ids_in_clusters: distinctIds.length,
      ids_unknown: requested.filter((id) => !held.has(id)).length,
      holders,
      retired_parts_removed: null,
      attempts: 0,
      durations_ms: { staging: deps.nowMs() - startedAtMs },
    },
  }
}
