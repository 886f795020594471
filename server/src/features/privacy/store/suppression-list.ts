import type { ControlDb } from '../../../platform/postgres/control-db.ts'
import type { IdHash } from './postgres-task-store.ts'

/** PRIV-31: ids that were erased with suppression. Asked for every incoming record, so it must not wait for Postgres. */
export interface SuppressionList {
  /** `erasureEpoch` is the project's, as the directory knows it: a new one means the list has grown. */
  isSuppressed(
    project: { readonly id: number; readonly erasureEpoch: number },
    distinctId: string,
  ): boolean | Promise<boolean>
}

interface Cached {
  readonly epoch: number
  /** Null while it is being read. */
  hashes: ReadonlySet<string> | null
  readonly reading: Promise<ReadonlySet<string>>
}

export const createSuppressionList = (control: ControlDb, idHash: IdHash): SuppressionList => {
  const byProject = new Map<number, Cached>()
  const load = async (projectId: number): Promise<ReadonlySet<string>> => {
    const rows = await control.rows<{ id_hash: string }>('SELECT id_hash FROM suppressed_id WHERE project_id = $1', [
      projectId,
    ])
    return new Set(rows.map((row) => row.id_hash))
  }
  const current = (projectId: number, epoch: number): Cached => {
    const known = byProject.get(projectId)
    if (known !== undefined && known.epoch === epoch) return known
    const cached: Cached = { epoch, hashes: null, reading: load(projectId) }
    byProject.set(projectId, cached)
    cached.reading.then(
      (hashes) => {
        cached.hashes = hashes
      },
      // A list that could not be read must not stay: the next record asks again, and this one fails.
      () => byProject.delete(projectId),
    )
    return cached
  }
  return {
    isSuppressed: (project, distinctId) => {
      const isIn = (hashes: ReadonlySet<string>) => hashes.size > 0 && hashes.has(idHash(project.id, distinctId))
      const { hashes, reading } = current(project.id, project.erasureEpoch)
      return hashes === null ? reading.then(isIn) : isIn(hashes)
    },
  }
}
