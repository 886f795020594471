import type { ProjectScope } from '../../kernel/scope.ts'
import { shareWork } from '../../kernel/shared-work.ts'
import type { FoundEvent, FoundProperty } from './domain/dictionary.ts'
import type { Dictionary } from './store/clickhouse-dictionary.ts'

type Asking = { readonly scope: ProjectScope; readonly signal: AbortSignal }

/**
 * The dictionary of a region engine as it was a moment ago. Kept in memory alone, and void when an erasure starts or ends
 * (privacy §1): a count must not tell of somebody who is gone.
 */
export interface KnownNames {
  events(asking: Asking, isFresh: boolean): Promise<readonly FoundEvent[]>
  eventProperties(asking: Asking, event: string | null, isFresh: boolean): Promise<readonly FoundProperty[]>
  profileProperties(asking: Asking, isFresh: boolean): Promise<readonly FoundProperty[]>
  /** Names of events from before approval began. They never change: what came in later came in later. */
  approved(scope: ProjectScope, since: string): Promise<readonly string[]>
}

export interface KnownNamesDeps {
  readonly dictionary: Dictionary
  readonly approvedEvents: (scope: ProjectScope, since: string) => Promise<readonly string[]>
  /** The project's now, by the control store: a remembered one would let an answer outlive somebody for moments. */
  readonly erasureEpoch: (scope: ProjectScope) => Promise<number>
  readonly nowMs: () => number
}

const ttlMs = 30_000
// Names of all answers together: some 20 MB.
const nameCountMax = 100_000
const approvedCountMax = 100

interface Kept {
  readonly atMs: number
  readonly ask: (signal?: AbortSignal) => Promise<readonly unknown[]>
  nameCount: number
}

export const createKnownNames = (deps: KnownNamesDeps): KnownNames => {
  const { dictionary, approvedEvents, erasureEpoch, nowMs } = deps
  // Oldest first.
  const kept = new Map<string, Kept>()
  const approved = new Map<string, Promise<readonly string[]>>()

  const tidy = (): void => {
    let nameCount = [...kept.values()].reduce((sum, one) => sum + one.nameCount, 0)
    for (const [key, one] of kept) {
      if (one.atMs > nowMs() - ttlMs && nameCount <= nameCountMax) return
      nameCount -= one.nameCount
      kept.delete(key)
    }
  }

  const keep = async <Found>(
    { scope, signal }: Asking,
    what: string,
    isFresh: boolean,
    work: (signal: AbortSignal) => Promise<readonly Found[]>,
  ): Promise<readonly Found[]> => {
    const key = `${scope.projectId} ${await erasureEpoch(scope)} ${what}`
    tidy()
    const known = isFresh ? undefined : kept.get(key)
    if (known !== undefined) return known.ask(signal) as Promise<readonly Found[]>
    const entry: Kept = { atMs: nowMs(), ask: shareWork(work), nameCount: 0 }
    kept.delete(key)
    kept.set(key, entry)
    try {
      const answer = await entry.ask(signal)
      entry.nameCount = answer.length
      return answer as readonly Found[]
    } catch (error) {
      // What failed is asked for again.
      if (kept.get(key) === entry) kept.delete(key)
      throw error
    }
  }

  return {
    events: (asking, isFresh) => keep(asking, 'events', isFresh, (signal) => dictionary.events(asking.scope, signal)),
    eventProperties: (asking, event, isFresh) =>
      keep(asking, `event ${JSON.stringify(event)}`, isFresh, (signal) =>
        dictionary.eventProperties(asking.scope, event, signal),
      ),
    profileProperties: (asking, isFresh) =>
      keep(asking, 'profiles', isFresh, (signal) => dictionary.profileProperties(asking.scope, signal)),
    approved: (scope, since) => {
      const key = `${scope.projectId} ${since}`
      const known = approved.get(key) ?? approvedEvents(scope, since)
      approved.delete(key)
      approved.set(key, known)
      if (approved.size > approvedCountMax) approved.delete(approved.keys().next().value as string)
      known.catch(() => {
        if (approved.get(key) === known) approved.delete(key)
      })
      return known
    },
  }
}
