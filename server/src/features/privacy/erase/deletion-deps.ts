import type { AuditLog } from '../../../kernel/audit.ts'
import type { ControlDb, ControlTx } from '../../../platform/postgres/control-db.ts'
import type { ReceiptSigner } from '../receipt.ts'
import type { IdLists } from '../store/id-lists.ts'
import type { IdHash } from '../store/postgres-task-store.ts'
import type { EraseDeps } from './run-batch.ts'
import type { StageDeps } from './stage.ts'

/** What the worker of a region needs to carry out deletions. */
export interface DeletionDeps {
  readonly regionId: string
  readonly control: ControlDb
  readonly stage: StageDeps
  readonly erase: EraseDeps
  readonly idLists: IdLists
  readonly idHash: IdHash
  readonly audit: AuditLog
  readonly receipts: ReceiptSigner
  /** Ends every read-modify-write of links and profiles in the region until the transaction ends: none may carry what it read over the cutoff. */
  readonly lockPeople: (tx: ControlTx, regionId: string) => Promise<void>
  /** Runs while no archive is being written. */
  readonly withoutRetrievals: <T>(work: () => Promise<T>) => Promise<T>
  /** Runs while nobody else rewrites the events of the region. */
  readonly whileNoRewrite: <T>(work: () => Promise<T>) => Promise<T>
  readonly onProblem: (trackingIds: readonly string[], error: unknown) => void
  /** How long after it was committed every server refuses who is suppressed. */
  readonly suppressionDelayMs: number
  /** A gate that stayed shut this many times will not open by itself: FAILURE. */
  readonly attemptCountMax: number
  readonly nowMs: () => number
}
