import type { ProjectScope } from './scope.ts'

/** The people of one or more privacy requests of one project: every id of every identity cluster they belong to. */
export interface Subject {
  readonly distinctIds: readonly string[]
  /** Only rows the engine took in at or before this instant count; ISO with microseconds, UTC. Null: all rows. */
  readonly ingestedUntil: string | null
}

/** What a holder found when asked to count, for the evidence record (DESIGN §7). */
export interface HolderCount {
  readonly rowCount: number
  /** Partitions, or object keys' folders, that hold the rows. Never a personal value. */
  readonly partitions: readonly string[]
  /** First and last time that the rows are about, ISO in UTC; only from holders of rows with such a time, when there are any. */
  readonly span?: { readonly first: string; readonly last: string }
}

/**
 * Whoever stores personal data declares it (STYLE §12). `privacy` walks the list; a check compares the
 * declared tables and object prefixes with what exists.
 */
export interface PersonalDataHolder {
  readonly name: string
  /** Tables of the region engine that this holder owns. */
  readonly tables: readonly string[]
  /** Prefixes of region objects that this holder owns. */
  readonly objectPrefixes: readonly string[]
  /** Holders that must have erased before this one starts. */
  readonly eraseAfter: readonly string[]
  /** Rows held of the subject, whether hidden or not. Throws when it cannot tell: unknown is not zero. */
  count(scope: ProjectScope, subject: Subject): Promise<HolderCount>
  /** Removes the rows of all subjects of a batch in one rewrite. Can run twice. Throws when it cannot. */
  erase(batch: ErasureBatch): Promise<void>
}

/** Tasks that became due together: their ids stand in the region's hidden set under `batchId`. */
export interface ErasureBatch {
  readonly batchId: string
  readonly regionId: string
  readonly cutoff: string
  readonly subjects: readonly { readonly scope: ProjectScope; readonly subject: Subject }[]
}
