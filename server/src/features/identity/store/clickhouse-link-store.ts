import type { ProjectScope } from '../../../kernel/scope.ts'
import type { IdentityLink } from '../domain/resolve-simplified.ts'

// About 60 MB at most: a key is a project, an epoch and a device id.
const knownLinkCountMax = 200_000

export interface LinkStore {
  /**
   * Resolves when a link from each device is durable; the event that made it may be stored after that. A device that is
   * linked already keeps its first link. `erasureEpoch` is the project's: links known under an older one are forgotten.
   * Throws what the commit throws.
   */
  record(scope: ProjectScope, erasureEpoch: number, links: readonly IdentityLink[]): Promise<void>
}

/**
 * Writes a link once, as far as this server remembers. The earliest row of a device decides at read time (identity §3.2),
 * so a second row after a restart or from another server changes nothing. Within this server the first one to ask is
 * the only one to write: two rows of one insert would share their time.
 */
export const createLinkStore = (
  commitRows: (rows: readonly string[]) => Promise<void>,
  countMax: number = knownLinkCountMax,
): LinkStore => {
  // In order of use. A promise: being written.
  const known = new Map<string, Promise<void> | true>()

  const remember = (key: string, state: Promise<void> | true): void => {
    known.delete(key)
    known.set(key, state)
    if (known.size > countMax) forgetOldest(known)
  }

  const write = (rows: readonly string[], keys: readonly string[]): Promise<void> => {
    const written: Promise<void> = commitRows(rows).then(
      () => settle(known, keys, written, true),
      (error: unknown) => {
        settle(known, keys, written, null)
        throw error
      },
    )
    for (const key of keys) remember(key, written)
    return written
  }

  return {
    record: async (scope, erasureEpoch, links) => {
      const waitFor = new Set<Promise<void>>()
      const rows: string[] = []
      const keys: string[] = []
      const claimed = new Set<string>()
      for (const { from, to } of links) {
        const key = `${scope.projectId}/${erasureEpoch}/${from}`
        const state = known.get(key)
        if (state === undefined && !claimed.has(key)) {
          claimed.add(key)
          keys.push(key)
          rows.push(linkRowText(scope.projectId, from, to))
        } else if (state === true) {
          remember(key, state)
        } else if (state !== undefined) {
          waitFor.add(state)
        }
      }
      if (rows.length > 0) waitFor.add(write(rows, keys))
      await Promise.all(waitFor)
    },
  }
}

const linkRowText = (projectId: number, from: string, to: string): string =>
  `{"project_id":${projectId},"distinct_id":${JSON.stringify(from)},"canonical_id":${JSON.stringify(to)}}`

/** Ends `written`: its links are known, or (null) not. A key that was evicted and claimed anew meanwhile is left alone. */
const settle = (
  known: Map<string, Promise<void> | true>,
  keys: readonly string[],
  written: Promise<void>,
  state: true | null,
): void => {
  for (const key of keys) {
    if (known.get(key) !== written) continue
    if (state === null) known.delete(key)
    else known.set(key, state)
  }
}

const forgetOldest = (known: Map<string, unknown>): void => {
  for (const key of known.keys()) {
    known.delete(key)
    return
  }
}
