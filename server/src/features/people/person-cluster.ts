import type { RegionDb } from '../../platform/clickhouse/region-db.ts'
import { canonicalIds, createClusterStore } from '../identity/index.ts'
import type { QueryCall } from '../query/index.ts'

/** Who an id is, and every id that is the same person: the links that are seen, and no others. */
export interface Cluster {
  readonly distinctId: string
  readonly ids: readonly string[]
}

/** Links that an erasure has hidden join nobody any longer: who comes back begins anew (privacy §1.9). */
export const clusterOf = async (db: RegionDb, { view, request }: QueryCall, distinctId: string): Promise<Cluster> => {
  if (view.identity === 'none') return { distinctId, ids: [distinctId] }
  const all = await createClusterStore(db).expand(view.scope, [distinctId])
  const known = await canonicalIds(db, view.scope, all, request.signal)
  const canonical = known.get(distinctId) ?? distinctId
  const ids = all.filter((id) => id === canonical || known.get(id) === canonical)
  return { distinctId: canonical, ids: [...new Set([canonical, ...ids])] }
}
