import { AppError, EngineUnavailable } from '../../../kernel/errors.ts'
import type { ProjectScope } from '../../../kernel/scope.ts'
import type { RegionDb } from '../../../platform/clickhouse/region-db.ts'
import type { ControlDb } from '../../../platform/postgres/control-db.ts'
import { type ApplyOutcome, applyOperations } from '../domain/apply-operations.ts'
import type { ProfileUpdate } from '../domain/profile-update.ts'
import { type ProfileTable, profileRowText, type StoredProfile } from './profile-rows.ts'
import { lockProfileSlots, profileSlot } from './profile-slots.ts'

/** What became of one update, in the order of the request; rejected ones changed nothing. */
export type UpdateOutcome = { readonly kind: 'accept' } | Extract<ApplyOutcome, { readonly kind: 'reject' }>

/** The updates of one request that waits. */
export interface Job<Id> {
  readonly scope: ProjectScope
  readonly resolvesIds: boolean
  readonly updates: readonly ProfileUpdate<Id>[]
  readonly outcomes: UpdateOutcome[]
  error: AppError | null
  readonly settle: () => void
}

/** What one store works on. */
export interface Stores<Id> {
  readonly db: RegionDb
  readonly control: ControlDb
  readonly table: ProfileTable<Id>
}

interface Pending<Id> {
  readonly job: Job<Id>
  readonly at: number
  readonly update: ProfileUpdate<Id>
}

/** All updates of one profile in a batch, in order of arrival. */
interface ProfileWork<Id> {
  readonly scope: ProjectScope
  readonly id: Id
  readonly idText: string
  readonly updates: Pending<Id>[]
}

// Somebody joined two people between looking up an update and locking its profile; more often than this in a row is no accident.
const lookUpCountMax = 10

/**
 * Never rejects: a failure is told to the jobs that it concerns. Resolves with why a store does not answer, or null.
 * At most `profileCountMax` profiles are in memory at once.
 */
export const applyJobs = async <Id>(
  stores: Stores<Id>,
  jobs: readonly Job<Id>[],
  profileCountMax: number,
): Promise<AppError | null> => {
  const pending = pendingOf(jobs)
  let works: readonly ProfileWork<Id>[]
  try {
    works = worksOf(stores.table, pending, await readTargets(stores, pending))
  } catch (error) {
    return tellFailure(jobs, error)
  }
  for (let at = 0; at < works.length; at += profileCountMax) {
    const outage = await runBatch(stores, works.slice(at, at + profileCountMax))
    if (outage === null) continue
    tell(jobsOf(works.slice(at)), outage)
    return outage
  }
  return null
}

export const tell = <Id>(jobs: Iterable<Job<Id>>, failure: AppError): void => {
  for (const job of jobs) job.error = failure
}

/** Resolves with the failure when it means that a store does not answer, else null. */
const tellFailure = <Id>(jobs: Iterable<Job<Id>>, error: unknown): AppError | null => {
  const isOurs = error instanceof AppError && error.code === 'ENGINE_UNAVAILABLE'
  const failure = isOurs ? error : new EngineUnavailable('the profiles could not be stored; send this again', error)
  tell(jobs, failure)
  return isOurs ? failure : null
}

const pendingOf = <Id>(jobs: readonly Job<Id>[]): readonly Pending<Id>[] =>
  jobs.flatMap((job) => job.updates.map((update, at) => ({ job, at, update })))

const jobsOf = <Id>(works: readonly ProfileWork<Id>[]): readonly Job<Id>[] =>
  works.flatMap(({ updates }) => updates.map(({ job }) => job))

/** Which profile an update is for, now. */
type TargetOf<Id> = (pending: Pending<Id>) => Id

const isResolved = <Id>({ job, update }: Pending<Id>): boolean => job.resolvesIds && !update.ignoresAlias

const readTargets = async <Id>(
  { db, table }: Pick<Stores<Id>, 'db' | 'table'>,
  pending: readonly Pending<Id>[],
): Promise<TargetOf<Id>> => {
  const targets = new Map<number, ReadonlyMap<Id, Id>>()
  const resolved = pending.filter(isResolved)
  for (const [projectId, [first, ...more]] of Map.groupBy(resolved, ({ job }) => job.scope.projectId)) {
    if (first === undefined) continue
    const ids = [...new Set([first, ...more].map(({ update }) => update.id))]
    targets.set(projectId, await table.canonicalIds(db, first.job.scope, ids))
  }
  return (one) =>
    (isResolved(one) ? targets.get(one.job.scope.projectId)?.get(one.update.id) : undefined) ?? one.update.id
}

const worksOf = <Id>(
  table: ProfileTable<Id>,
  pending: readonly Pending<Id>[],
  targetOf: TargetOf<Id>,
): readonly ProfileWork<Id>[] => {
  const works = new Map<string, ProfileWork<Id>>()
  for (const one of pending) {
    const { scope } = one.job
    const id = targetOf(one)
    const idText = table.textOf(id)
    const key = `${scope.projectId}/${idText}`
    const work = works.get(key) ?? { scope, id, idText, updates: [] }
    works.set(key, work)
    work.updates.push(one)
  }
  return [...works.values()]
}

/** As `applyJobs`, for the profiles that are in memory at once. */
const runBatch = async <Id>(stores: Stores<Id>, batch: readonly ProfileWork<Id>[]): Promise<AppError | null> => {
  try {
    let works = batch
    for (let count = 0; count < lookUpCountMax; count += 1) {
      const moved = await runUnderLock(stores, works)
      if (moved === null) return null
      works = moved
    }
    throw new EngineUnavailable('the profiles belong to others again and again; send this again')
  } catch (error) {
    return tellFailure(jobsOf(batch), error)
  }
}

/**
 * Null when all is applied. When an update turns out to be for another profile than the one that is locked (ADR 0011),
 * nothing is applied, and the works are answered anew, by who the ids belong to now.
 */
const runUnderLock = <Id>(
  { db, control, table }: Stores<Id>,
  works: readonly ProfileWork<Id>[],
): Promise<readonly ProfileWork<Id>[] | null> => {
  const slots = works.map(({ scope, idText }) => profileSlot(scope.projectId, idText))
  return control.tx(async (tx) => {
    await lockProfileSlots(tx, table.name, db.regionId, slots)
    const pending = works.flatMap(({ updates }) => updates)
    const targetOf = await readTargets({ db, table }, pending)
    const isRight = (work: ProfileWork<Id>) => work.updates.every((one) => table.textOf(targetOf(one)) === work.idText)
    if (!works.every(isRight)) return worksOf(table, pending, targetOf)
    const rows: string[] = []
    for (const [projectId, ofProject] of Map.groupBy(works, ({ scope }) => scope.projectId)) {
      const ids = ofProject.map(({ id }) => id)
      const stored = await table.readNewest(db, projectId, ids)
      for (const work of ofProject) {
        const row = changedRow(table, work, stored.get(work.idText))
        if (row !== null) rows.push(row)
      }
    }
    if (rows.length > 0) await db.insert(table.name, Buffer.from(`${rows.join('\n')}\n`))
    return null
  })
}

/** Applies a profile's updates one after the other; null when nothing has to be written. */
const changedRow = <Id>(
  table: ProfileTable<Id>,
  work: ProfileWork<Id>,
  stored: StoredProfile | undefined,
): string | null => {
  const before = stored?.properties ?? null
  let after = before
  for (const { job, at, update } of work.updates) {
    const outcome = applyOperations(after, update)
    job.outcomes[at] = outcome.kind === 'accept' ? accepted : outcome
    if (outcome.kind === 'accept') after = outcome.value
  }
  if (after === before) return null
  return profileRowText(work.scope.projectId, table.idMembers(work.id), (stored?.version ?? 0) + 1, after)
}

const accepted = { kind: 'accept' } as const
