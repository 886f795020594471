import type { ProjectScope } from '../../kernel/scope.ts'
import { createVersionedCache } from '../../platform/clickhouse/table-versions.ts'
import type { KnownDuplicates } from '../identity/index.ts'
import type { LedgerStore } from './store/clickhouse-ledger.ts'

export interface Ledger {
  /**
   * Looks at every event that was stored before the call, then says what is known of the project: null when it has no
   * duplicates. Give the answer to `eventRowsSql`. Calls at the same time share one look, and while the table of events is
   * what it was (ADR 0020) what was known still is all: entries that others add for the same events are of a later instant.
   * Throws EngineUnavailable; a `signal` that fires ends the waiting, not the look, which others share.
   */
  catchUp(scope: ProjectScope, signal?: AbortSignal): Promise<KnownDuplicates | null>
  /** The same without a question: what the background does, so that queries find little to do. */
  look(): Promise<void>
}

// Bounds the set of keys that one look holds in memory to about 100 MB.
const chunkRowCount = 1_000_000

/** One for each region and process. */
export const createLedger = (store: LedgerStore, chunkRows = chunkRowCount): Ledger => {
  const look = shareRuns(() => lookAtNewEvents(store, chunkRows))
  let last: (Found & { readonly version: string }) | null = null
  const entries = createVersionedCache<KnownDuplicates | null>()
  return {
    look: async () => {
      await (await look()).until
    },
    catchUp: async (scope, signal) => {
      const { events: version, entries: ofEntries } = await store.versions(signal)
      const { until } = last?.version === version ? last : await waitFor(look(), signal)
      return entries.get(scope.projectId, `${version} ${ofEntries}`, async () => {
        // What the look found is there already. What others add meanwhile is of events that were found, or came later.
        const kinds = store.entriesOf(scope, signal)
        const [instant, { hasPlain, hasMixed }] = await Promise.all([waitFor(until, signal), kinds])
        last = { version, until }
        return hasPlain || hasMixed ? { foundUntil: instant, hasMixed } : null
      })
    },
  }
}

/** Everything that was to be found is in the ledger. */
interface Found {
  /** The instant for reads, once nothing can be added that was found before it. */
  readonly until: Promise<string>
}

const foundAll = (until: Promise<string>): Found => {
  // Whoever waits for it is told of its failure; perhaps nobody does.
  until.catch(() => undefined)
  return { until }
}

/**
 * ADR 0012: looks at what came in since the last look, in chunks, and moves the mark only over what no running INSERT
 * can still add to. Doing it twice, or dying in between, finds the same keys again.
 */
const lookAtNewEvents = async (store: LedgerStore, chunkRows: number): Promise<Found> => {
  const state = await store.state()
  if (state.pendingCount === 0) return foundAll(state.isBeingWritten ? store.settled() : Promise.resolve(state.now))
  let from = state.lookedUntil
  for (let leftCount = state.pendingCount; ; leftCount -= chunkRows) {
    const until = leftCount > chunkRows ? await store.chunkEnd(from, chunkRows) : null
    await store.find(from, until)
    const seenUntil = until === null || until > state.settledUntil ? state.settledUntil : until
    const moved = seenUntil > state.lookedUntil ? store.moveTo(seenUntil) : Promise.resolve()
    if (until === null) return foundAll(Promise.all([store.settled(), moved]).then(([settledAt]) => settledAt))
    await moved
    from = until
  }
}

/** A call is served by a run that began after it: the one that is running may already have looked past its events. */
const shareRuns = <T>(run: () => Promise<T>): (() => Promise<T>) => {
  let running: Promise<unknown> | null = null
  let next: Promise<T> | null = null
  const start = (): Promise<T> => {
    const work = run().finally(() => {
      if (running === work) running = null
    })
    running = work
    return work
  }
  return () => {
    if (running === null) return start()
    next ??= running
      .catch(() => undefined)
      .then(() => {
        next = null
        return start()
      })
    return next
  }
}

const waitFor = <T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> => {
  if (signal === undefined) return work
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
