import { AppError } from '../../kernel/errors.ts'
import { projectScope } from '../../kernel/scope.ts'
import { type DoomedEvents, meantByDeletionSql } from '../identity/index.ts'
import { RewriteIncomplete } from './errors.ts'
import type { LifecycleRegion } from './region.ts'
import type { DeletionStore, DueDeletion } from './store/postgres-deletion-store.ts'

export interface RunDeletionsDeps {
  readonly region: LifecycleRegion
  readonly deletions: DeletionStore
  readonly nowMs: () => number
  readonly onProblem: (deletionId: string, error: unknown) => void
}

// What was found this many times will not go away by itself: FAILURE. The events stay hidden.
const attemptCountMax = 30

/** One round: carries out the first deletion whose time to undo is over. True when there was one. */
export const runEventDeletions = async (deps: RunDeletionsDeps): Promise<boolean> => {
  const [first] = await deps.deletions.due(deps.region.regionId, deps.nowMs())
  if (first === undefined) return false
  if (first.state === 'PENDING' && !(await deps.deletions.move(first.id, 'start'))) return true
  try {
    await carryOut(deps, first)
  } catch (error) {
    // A store that does not answer is waited for: only what was found, again and again, is a failure.
    if (error instanceof AppError && error.retryable) throw error
    deps.onProblem(first.id, error)
    await deps.deletions.countFailedAttempt(first.id)
    if (first.attemptCount + 1 < attemptCountMax) throw error
    await deps.deletions.move(first.id, 'fail', deps.nowMs())
  }
  return true
}

/** STARTED → SUCCESS. Can run again from the start at any time: the rule is the last that goes, and what is gone costs nothing twice. */
const carryOut = async ({ region, deletions, nowMs }: RunDeletionsDeps, due: DueDeletion): Promise<void> => {
  const scope = projectScope(due.projectId, region.regionId)
  const doomed: DoomedEvents = { condition: meantByDeletionSql(scope), params: { deletionId: due.id } }
  await region.settleInserts(due.cutoff)
  for (const { partition } of await region.rewriter.find(doomed)) {
    await region.whileNoRewrite(() => region.rewriter.erase(partition, [doomed]))
  }
  await refuseWhatIsLeft(region, doomed)
  const erasedAt = await region.rewriter.engineNow()
  await region.whileNoRewrite(() => region.purgeDisk(erasedAt))
  await region.hidden.reveal(due.id)
  await deletions.move(due.id, 'finish', nowMs())
}

/** Throws RewriteIncomplete unless a plain look finds no such event any more. */
export const refuseWhatIsLeft = async (region: LifecycleRegion, doomed: DoomedEvents): Promise<void> => {
  const left = await region.rewriter.find(doomed, true)
  const count = left.reduce((sum, { rowCount }) => sum + rowCount, 0)
  if (count > 0) throw new RewriteIncomplete(`${count} events are still there`)
}

// A rule is written moments before its deletion is: one that no deletion knows belongs to a crash when it is older.
const orphanAgeMs = 10 * 60_000

/** Rules whose deletion was undone or has ended, or never came to be, hide no longer. */
export const dropStrayRules = async ({ region, deletions, nowMs }: RunDeletionsDeps): Promise<void> => {
  const rules = await region.hidden.rules()
  if (rules.length === 0) return
  const kept = await deletions.hiding(rules.map(({ deletionId }) => deletionId))
  for (const { deletionId, cutoff } of rules) {
    const isOld = Date.parse(`${cutoff.replace(' ', 'T')}Z`) < nowMs() - orphanAgeMs
    if (!kept.has(deletionId) && isOld) await region.hidden.reveal(deletionId)
  }
}
