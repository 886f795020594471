import type { TaskState } from './task-state.ts'

export type TaskKind = 'retrieval' | 'deletion'
export type ComplianceType = 'gdpr' | 'ccpa'
export type DisclosureType = 'DATA' | 'CATEGORIES' | 'SOURCES'

/** One row of `privacy_task`: counts, times and object names; the ids themselves are in a region object. */
export interface PrivacyTask {
  readonly trackingId: string
  readonly kind: TaskKind
  readonly projectId: number
  readonly region: string
  readonly state: TaskState
  readonly complianceType: ComplianceType
  readonly disclosureType: DisclosureType
  readonly requestedAtMs: number
  /** With microseconds, UTC, without zone suffix, as the wire shows it. */
  readonly dateRequested: string
  readonly requestedBy: number
  readonly requestingUser: string
  readonly distinctIdCount: number
  readonly idsObjectKey: string | null
  readonly suppress: boolean
  readonly batchId: string | null
  readonly cutoff: string | null
  /** The gate has opened; only SUCCESS is left to say. */
  readonly isVerified: boolean
  readonly attemptCount: number
  readonly failure: string | null
  readonly archiveObjectKey: string | null
  readonly evidence: Evidence | null
  /** Of a retrieval that has begun. */
  readonly progress: RetrievalProgress | null
  readonly receipt: string | null
}

/** How far a retrieval is, in numbers. */
export interface RetrievalProgress {
  readonly ids_in_clusters: number
  readonly holders: readonly {
    readonly holder: string
    /** Rows held when it began; null: not all of them are asked for, so that their number says nothing. */
    readonly rows_held: number | null
    readonly rows_written: number
  }[]
}

export interface HolderEvidence {
  readonly holder: string
  readonly rows_before: number
  readonly partitions_before: readonly string[]
  /** Null until the erasure has been verified. */
  readonly rows_after: number | null
}

/** What a task did, in numbers. Never an id or a value of a person. */
export interface Evidence {
  readonly ids_requested: number
  /** Ids after expansion to identity clusters (PRIV-20). */
  readonly ids_in_clusters: number
  /** Requested ids of which nothing was held at staging. */
  readonly ids_unknown: number
  readonly holders: readonly HolderEvidence[]
  readonly retired_parts_removed: number | null
  readonly attempts: number
  readonly durations_ms: Readonly<Record<string, number>>
}
