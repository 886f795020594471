import type { CompactionStore } from './store/clickhouse-compaction.ts'
import type { LedgerStore } from './store/clickhouse-ledger.ts'

export interface CompactionDeps {
  readonly compaction: CompactionStore
  readonly ledger: Pick<LedgerStore, 'state'>
  /** Runs while no erasure and no other rewrite touches the events of the region. */
  readonly whileNoRewrite: <T>(work: () => Promise<T>) => Promise<T>
}

/**
 * Ingestion §8: of the events with one event, distinct_id, $insert_id and UTC day, removes all but those that came in
 * last. Looks only at months that something has come into since the last time, one rewrite at a time, and lets others
 * have their turn in between. What was cut off is done by the next one. Resolves with the number of rewrites.
 */
export const compactDuplicates = async (
  { compaction, ledger, whileNoRewrite }: CompactionDeps,
  signal: AbortSignal,
): Promise<number> => {
  const { settledUntil } = await ledger.state()
  let rewriteCount = 0
  for (const partitionId of await compaction.partitionsSince(await compaction.last())) {
    while (await compaction.hasOutdated(partitionId)) {
      signal.throwIfAborted()
      await whileNoRewrite(() => compaction.removeOutdated(partitionId))
      rewriteCount += 1
    }
  }
  await compaction.moveTo(settledUntil)
  return rewriteCount
}

/** Entries of events that are gone name people for nothing. */
export const dropOrphans = async (compaction: CompactionStore): Promise<void> => {
  if (await compaction.hasOrphans()) await compaction.dropOrphans()
}
