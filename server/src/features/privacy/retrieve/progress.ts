import type { ProjectScope } from '../../../kernel/scope.ts'
import type { PersonalDataHolder } from '../../../kernel/subject.ts'
import type { ControlDb } from '../../../platform/postgres/control-db.ts'
import type { PrivacyTask, RetrievalProgress } from '../domain/task.ts'
import { taskStore } from '../store/postgres-task-store.ts'

export interface ProgressDeps {
  readonly control: ControlDb
  readonly holders: readonly PersonalDataHolder[]
  readonly nowMs: () => number
}

const collected = ['events', 'profiles'] as const
const writeEveryMs = 1_000

/** Counts what is held before the first row is read, then writes down now and then how many rows were. Numbers only. */
export const openProgress = async (
  deps: ProgressDeps,
  task: PrivacyTask,
  scope: ProjectScope,
  clusterIds: readonly string[],
) => {
  // A year of events, or names only: then the number of rows held says nothing of how far it is.
  const isWhole = task.complianceType === 'gdpr'
  const heldIn = async (name: string): Promise<number | null> => {
    const holder = isWhole ? deps.holders.find((candidate) => candidate.name === name) : undefined
    return holder === undefined
      ? null
      : (await holder.count(scope, { distinctIds: clusterIds, ingestedUntil: null })).rowCount
  }
  const held = { events: await heldIn('events'), profiles: await heldIn('profiles') }
  const written = { events: 0, profiles: 0 }
  const json = (): string =>
    JSON.stringify({
      ids_in_clusters: clusterIds.length,
      holders: collected.map((holder) => ({ holder, rows_held: held[holder], rows_written: written[holder] })),
    } satisfies RetrievalProgress)
  const write = () => taskStore.change(deps.control, task.trackingId, { evidence: json() })
  await write()
  let writtenAtMs = deps.nowMs()
  return {
    json,
    onRead: async (holder: (typeof collected)[number], lineCount: number): Promise<void> => {
      written[holder] = lineCount
      if (deps.nowMs() - writtenAtMs < writeEveryMs) return
      writtenAtMs = deps.nowMs()
      await write()
    },
  }
}
