import type { ProjectScope } from '../../../kernel/scope.ts'
import type { ErasureBatch } from '../../../kernel/subject.ts'
import type { Evidence, PrivacyTask } from '../domain/task.ts'

/** A task after staging: its people are known and counted; nothing has been touched. */
export interface StagedTask {
  readonly task: PrivacyTask
  readonly scope: ProjectScope
  /** Every id of every cluster. */
  readonly distinctIds: readonly string[]
  readonly evidence: Evidence
}

/** Tasks that erase together. `subjects` are in the order of `tasks`. */
export interface RunningBatch extends ErasureBatch {
  readonly tasks: readonly PrivacyTask[]
}

/** All ids of a batch by project. */
export const idsByProject = (batch: ErasureBatch): ReadonlyMap<number, ReadonlySet<string>> => {
  const byProject = new Map<number, Set<string>>()
  for (const { scope, subject } of batch.subjects) {
    const ids = byProject.get(scope.projectId) ?? new Set<string>()
    for (const id of subject.distinctIds) ids.add(id)
    byProject.set(scope.projectId, ids)
  }
  return byProject
}
