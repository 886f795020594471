import { AppError, EngineUnavailable, Overloaded } from '../../../kernel/errors.ts'
import type { Project } from '../../../kernel/project.ts'
import type { ProjectScope } from '../../../kernel/scope.ts'
import { takeBatch } from '../../../kernel/take-batch.ts'
import type { RegionDb } from '../../../platform/clickhouse/region-db.ts'
import type { ControlDb, ControlTx } from '../../../platform/postgres/control-db.ts'
import {
  type DecidedLink,
  type Decision,
  decideJoins,
  type JoinedCluster,
  type JoinFailure,
} from '../domain/decide-joins.ts'
import type { Join } from '../domain/read-join.ts'
import { lockLinks } from './link-lock.ts'
import { readLinkedIds } from './linked-ids.ts'

/** Clusters of one project whose profiles are to become one each. */
export interface ProfileMerge {
  readonly scope: ProjectScope
  readonly clusters: readonly JoinedCluster[]
  /** Profiles of these may be changing right now. */
  readonly movedCanonicalIds: readonly string[]
}

/**
 * Takes the locks of the profiles concerned, for as long as `tx` lasts; what it resolves with merges them, once the
 * links are written. An update of such a profile either came before, or finds out whose it is after (ADR 0011).
 */
export type PrepareProfileMerges = (tx: ControlTx, merges: readonly ProfileMerge[]) => Promise<() => Promise<void>>

export interface JoinStore {
  /**
   * What is wrong with each join, null: nothing. Resolves when the links are durable: the event that asks for a join
   * may be stored after that. Safe with several servers. Throws Overloaded when too many wait, EngineUnavailable when a
   * store does not answer; some of the joins may have been made then, and a retry finds them. `heldBytes`: what the
   * caller keeps in memory meanwhile (invariant 9).
   */
  decide(
    scope: ProjectScope,
    project: Pick<Project, 'identityMode' | 'erasureEpoch'>,
    joins: readonly Join[],
    heldBytes?: number,
  ): Promise<readonly (JoinFailure | null)[]>
}

interface Job {
  readonly scope: ProjectScope
  readonly mode: 'original' | 'legacy'
  readonly joins: readonly Join[]
  readonly done: (failures: readonly (JoinFailure | null)[]) => void
  readonly failed: (error: AppError) => void
}

// Joins that are decided in one hold. One request may have more; it then goes alone.
const batchJoinCountMax = 1_000
// Each is two ids of at most 255 bytes.
const queueJoinCountMax = 50_000
const queueBytesMax = 64 * 1_024 * 1_024
// About 40 MB: two ids each.
const knownJoinCountMax = 50_000

export interface JoinStoreDeps {
  readonly db: RegionDb
  readonly control: ControlDb
  readonly prepareProfileMerges: PrepareProfileMerges
}

/** IDM-05…08: all joins that arrive while others are being decided are decided together, under one lock. */
export const createJoinStore = (deps: JoinStoreDeps): JoinStore => {
  const queue: Job[] = []
  const known = createKnownJoins(knownJoinCountMax)
  let queuedCount = 0
  let queuedBytes = 0
  let isRunning = false

  const run = async (): Promise<void> => {
    while (queue.length > 0) {
      const jobs = takeBatch(queue, ({ joins }) => joins.length, batchJoinCountMax)
      const error = await decideBatch(deps, jobs)
      // Who waits behind a store that does not answer would each wait as long again, one batch after the other.
      if (error !== null) for (const job of [...jobs, ...queue.splice(0)]) job.failed(error)
    }
    // Together with the last look at the queue: a job that came in between would wait for ever.
    isRunning = false
  }

  return {
    decide: async (scope, { identityMode, erasureEpoch }, joins, heldBytes = 0) => {
      if (identityMode === 'simplified') return joins.map(() => null)
      const keys = joins.map(({ kind, from, to }) => JSON.stringify([scope.projectId, erasureEpoch, kind, from, to]))
      if (keys.every((key) => known.has(key))) return joins.map(() => null)
      if (queuedCount + joins.length > queueJoinCountMax || queuedBytes + heldBytes > queueBytesMax) {
        throw new Overloaded('too many identity events are waiting; send this again')
      }
      queuedCount += joins.length
      queuedBytes += heldBytes
      try {
        const failures = await new Promise<readonly (JoinFailure | null)[]>((done, failed) => {
          queue.push({ scope, mode: identityMode, joins, done, failed })
          if (isRunning) return
          isRunning = true
          void run()
        })
        for (const [at, key] of keys.entries()) if (failures[at] === null) known.add(key)
        return failures
      } finally {
        queuedCount -= joins.length
        queuedBytes -= heldBytes
      }
    },
  }
}

/** Joins that were made: libraries that say at every start who somebody is cost nothing then. In order of use. */
const createKnownJoins = (countMax: number) => {
  const known = new Set<string>()
  const add = (key: string): void => {
    known.delete(key)
    known.add(key)
    if (known.size <= countMax) return
    for (const oldest of known) return void known.delete(oldest)
  }
  const has = (key: string): boolean => {
    if (!known.has(key)) return false
    add(key)
    return true
  }
  return { add, has }
}

/** Never rejects: resolves with why the jobs could not be decided, or null when each has its answer. */
const decideBatch = async (deps: JoinStoreDeps, jobs: readonly Job[]): Promise<AppError | null> => {
  try {
    const decisions = await deps.control.tx((tx) => decideUnderLock(deps, tx, jobs))
    for (const [projectId, ofProject] of Map.groupBy(jobs, ({ scope }) => scope.projectId)) {
      let at = 0
      const failures = decisions.get(projectId)?.failures ?? []
      for (const { joins, done } of ofProject) {
        done(failures.slice(at, at + joins.length))
        at += joins.length
      }
    }
    return null
  } catch (error) {
    if (error instanceof AppError && error.retryable) return error
    return new EngineUnavailable('the identity events could not be stored; send this again', error)
  }
}

const decideUnderLock = async (
  { db, prepareProfileMerges }: JoinStoreDeps,
  tx: ControlTx,
  jobs: readonly Job[],
): Promise<ReadonlyMap<number, Decision>> => {
  await lockLinks(tx, db.regionId)
  const decisions = new Map<number, Decision>()
  const merges: ProfileMerge[] = []
  const rows: string[] = []
  for (const [projectId, ofProject] of Map.groupBy(jobs, ({ scope }) => scope.projectId)) {
    const [{ scope, mode }] = ofProject as [Job, ...Job[]]
    const joins = ofProject.flatMap((job) => job.joins)
    const decision = decideJoins(mode, joins, await readLinkedIds(db, scope, mode, joins))
    decisions.set(projectId, decision)
    for (const link of decision.links) rows.push(linkRowText(projectId, link))
    // A legacy alias does not look back: what was said of it before stays where it is (identity §5).
    if (mode === 'original') merges.push({ scope, ...decision })
  }
  const mergeProfiles = await prepareProfileMerges(tx, merges)
  // One block of rows: a reader sees all of it or nothing.
  if (rows.length > 0) await db.insert('identity_link', rows.join('\n'))
  await mergeProfiles()
  return decisions
}

const linkRowText = (projectId: number, link: DecidedLink): string =>
  JSON.stringify({
    project_id: projectId,
    distinct_id: link.distinctId,
    canonical_id: link.canonicalId,
    revision: link.revision,
    is_retroactive: link.isRetroactive ? 1 : 0,
    ...(link.appliesFrom === null ? {} : { applies_from: link.appliesFrom }),
  })
