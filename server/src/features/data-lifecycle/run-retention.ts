import { projectScope } from '../../kernel/scope.ts'
import { type DoomedEvents, expiredEventSql } from '../identity/index.ts'
import type { RetentionRow } from './domain/retention.ts'
import type { LifecycleRegion } from './region.ts'
import { refuseWhatIsLeft } from './run-event-deletions.ts'
import type { RetentionStore } from './store/postgres-retention-store.ts'

export interface RunRetentionDeps {
  readonly region: LifecycleRegion
  readonly retention: RetentionStore
}

// Projects that share one rewrite of a partition: each adds its rules to the text of the mutation.
const projectCountMax = 50

/** Writes the rules that reads of a region go by, when they differ from those that people set. */
export const copyRetention = async ({ region, retention }: RunRetentionDeps): Promise<void> => {
  const { version, rows } = await retention.copy(region.regionId)
  const known = await region.copy.read()
  if (known === null || textOf(known) !== textOf(rows)) await region.copy.write(version, rows)
}

const textOf = (rows: readonly RetentionRow[]): string =>
  rows
    .map(({ projectId, event, keepDays }) => JSON.stringify([projectId, event, keepDays]))
    .sort()
    .join('\n')

/**
 * PRIV-33: expired events leave the disk. Reads have left them out since the day they expired, by the same condition.
 * Only partitions that hold some are rewritten, each once for all projects. Nothing is deleted that a read still sees:
 * the engine goes by the copy of the rules while it rewrites. Can stop anywhere and run again.
 */
export const sweepExpired = async (deps: RunRetentionDeps, signal: AbortSignal): Promise<number> => {
  const { region, retention } = deps
  await copyRetention(deps)
  const byPartition = new Map<string, DoomedEvents[]>()
  let rowCount = 0
  for (const projectId of await retention.projectIds(region.regionId)) {
    const doomed = { condition: expiredEventSql(projectScope(projectId, region.regionId)) }
    for (const found of await region.rewriter.find(doomed)) {
      byPartition.set(found.partition, [...(byPartition.get(found.partition) ?? []), doomed])
      rowCount += found.rowCount
    }
  }
  if (rowCount === 0) return 0
  for (const [partition, doomed] of byPartition) {
    for (let at = 0; at < doomed.length; at += projectCountMax) {
      signal.throwIfAborted()
      const some = doomed.slice(at, at + projectCountMax)
      await region.whileNoRewrite(() => region.rewriter.erase(partition, some))
    }
  }
  for (const doomed of new Set([...byPartition.values()].flat())) await refuseWhatIsLeft(region, doomed)
  const erasedAt = await region.rewriter.engineNow()
  await region.whileNoRewrite(() => region.purgeDisk(erasedAt))
  return rowCount
}
