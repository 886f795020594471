import type { Project } from '../../kernel/project.ts'
import type { ProjectScope } from '../../kernel/scope.ts'
import type { FoundEvent, FoundProperty } from './domain/dictionary.ts'
import type { Dictionary } from './store/clickhouse-dictionary.ts'

type Asking = {
  readonly scope: ProjectScope
  readonly project: Pick<Project, 'erasureEpoch'>
  readonly signal: AbortSignal
}

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

const ttlMs = 30_000
const answerCountMax = 500

interface Kept {
  readonly atMs: number
  readonly answer: Promise<unknown>
}

export const createKnownNames = (dictionary: Dictionary, nowMs: () => number): KnownNames => {
  const kept = new Map<string, Kept>()
  const keep = <Answer>(key: string, mayBeUsed: (known: Kept) => boolean, work: () => Promise<Answer>) => {
    const known = kept.get(key)
    if (known !== undefined && mayBeUsed(known)) return known.answer as Promise<Answer>
    const answer = work()
    const entry = { atMs: nowMs(), answer }
    kept.delete(key)
    kept.set(key, entry)
    if (kept.size > answerCountMax) kept.delete(kept.keys().next().value as string)
    // What failed is asked for again.
    answer.catch(() => {
      if (kept.get(key) === entry) kept.delete(key)
    })
    return answer
  }
  const recent = (isFresh: boolean) => (known: Kept) => !isFresh && known.atMs > nowMs() - ttlMs
  const keyOf = ({ scope, project }: Asking, what: string) => `${scope.projectId} ${project.erasureEpoch} ${what}`
  return {
    events: (asking, isFresh) =>
      keep(keyOf(asking, 'events'), recent(isFresh), () => dictionary.events(asking.scope, asking.signal)),
    eventProperties: (asking, event, isFresh) =>
      keep(keyOf(asking, `event ${JSON.stringify(event)}`), recent(isFresh), () =>
        dictionary.eventProperties(asking.scope, event, asking.signal),
      ),
    profileProperties: (asking, isFresh) =>
      keep(keyOf(asking, 'profiles'), recent(isFresh), () => dictionary.profileProperties(asking.scope, asking.signal)),
    approved: (scope, since) =>
      keep(
        `${scope.projectId} since ${since}`,
        () => true,
        () => dictionary.eventsBefore(scope, since),
      ),
  }
}
