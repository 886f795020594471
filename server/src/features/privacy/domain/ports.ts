import type { ProjectScope } from '../../../kernel/scope.ts'

/** Identity clusters, as the identity slice knows them. */
export interface Clusters {
  /** `linkedUntil`: by the links that the engine took in until then. */
  expand(scope: ProjectScope, distinctIds: readonly string[], linkedUntil?: string): Promise<readonly string[]>
  /** The clusters that the ids belong to, each with every id of it. */
  clustersOf(scope: ProjectScope, distinctIds: readonly string[]): Promise<readonly (readonly string[])[]>
  /** Those of the ids of which anything is held. */
  heldIds(scope: ProjectScope, distinctIds: readonly string[]): Promise<ReadonlySet<string>>
}

/** The region's hidden set (PRIV-21). */
export interface Hidden {
  /** `aheadMs` later than it is. */
  engineNow(aheadMs?: number): Promise<string>
  hide(
    batchId: string,
    cutoff: string,
    ids: readonly { readonly projectId: number; readonly distinctId: string }[],
  ): Promise<void>
  /** Hides more ids under a batch that is running. */
  extend(
    batchId: string,
    cutoff: string,
    ids: readonly { readonly projectId: number; readonly distinctId: string }[],
  ): Promise<void>
  reveal(batchId: string): Promise<void>
  overlapping(batchId: string): Promise<readonly { readonly batchId: string; readonly cutoff: string }[]>
  batchIds(): Promise<readonly string[]>
}

/** What a retrieval reads of a person; hidden rows are not seen. */
export interface PeopleReader {
  /** Lines of the raw export format, oldest first. `sinceMs` null: from the first event on. */
  events(
    scope: ProjectScope,
    distinctIds: readonly string[],
    sinceMs: number | null,
    signal: AbortSignal,
  ): AsyncIterable<Buffer>
  /** One JSON line per profile: `{"$distinct_id":…,"$properties":{…}}`. */
  profiles(scope: ProjectScope, distinctIds: readonly string[], signal: AbortSignal): AsyncIterable<Buffer>
  /** One JSON line per uploaded cohort that holds one of the ids: `{"cohort_id":…,"distinct_id":…,"uploaded_at":…}`. */
  cohorts(scope: ProjectScope, distinctIds: readonly string[], signal: AbortSignal): AsyncIterable<Buffer>
  /** Days from the month of the project's first event to now; 0 without events. A bound, not a count. */
  daysOfHistory(scope: ProjectScope): Promise<number>
}

/** Makes replaced parts of a table leave the disk now. */
export interface RetiredParts {
  readonly retiredPartCount: number
  readonly leftOver: readonly string[]
}
