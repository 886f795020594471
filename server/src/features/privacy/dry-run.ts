import type { ProjectScope } from '../../kernel/scope.ts'
import type { PersonalDataHolder } from '../../kernel/subject.ts'
import type { Clusters } from './domain/ports.ts'

export interface DryRunDeps {
  readonly clusters: Clusters
  /** Of tables and of request objects. */
  readonly holders: readonly PersonalDataHolder[]
}

/** What an erasure would find now. The ids in it are those that were asked about; it is answered and kept nowhere. */
export interface DryRun {
  readonly ids_requested: number
  /** With every other id of the same people. */
  readonly ids_in_clusters: number
  readonly people: number
  /** Of `people`: nothing of them is held. */
  readonly people_unknown: number
  readonly unknown_ids: readonly string[]
  /** Asked ids that are one person. */
  readonly together: readonly (readonly string[])[]
  readonly holders: readonly {
    readonly holder: string
    readonly rows: number
    readonly partitions: readonly string[]
    readonly first: string | null
    readonly last: string | null
  }[]
}

const shownMax = 100

/** PRIV-23: looks and counts as an erasure does when it stages (privacy §1.5). Nothing is changed or written down. */
export const dryRun = async (
  deps: DryRunDeps,
  scope: ProjectScope,
  distinctIds: readonly string[],
): Promise<DryRun> => {
  const clusters = await deps.clusters.clustersOf(scope, distinctIds)
  const all = clusters.flat()
  const held = await deps.clusters.heldIds(scope, all)
  const asked = new Set(distinctIds)
  const subject = { distinctIds: all, ingestedUntil: null }
  const holders: DryRun['holders'][number][] = []
  for (const holder of deps.holders) {
    const { rowCount: rows, partitions, span } = await holder.count(scope, subject)
    holders.push({ holder: holder.name, rows, partitions, first: span?.first ?? null, last: span?.last ?? null })
  }
  return {
    ids_requested: distinctIds.length,
    ids_in_clusters: all.length,
    people: clusters.length,
    people_unknown: clusters.filter((ids) => !ids.some((id) => held.has(id))).length,
    unknown_ids: distinctIds.filter((id) => !held.has(id)).slice(0, shownMax),
    together: clusters
      .map((ids) => ids.filter((id) => asked.has(id)))
      .filter((ids) => ids.length > 1)
      .slice(0, shownMax),
    holders,
  }
}
