import { dayMs } from '../../kernel/time.ts'
import type { ObjectStore } from '../../platform/objects/object-store.ts'
import type { ControlDb } from '../../platform/postgres/control-db.ts'
import { type IdLists, privacyPrefix } from './store/id-lists.ts'
import { taskStore } from './store/postgres-task-store.ts'

export interface SweepDeps {
  readonly regionId: string
  readonly control: ControlDb
  readonly objects: ObjectStore
  readonly idLists: IdLists
  readonly nowMs: () => number
}

// Lists of ended tasks answer `distinct_ids` this long (privacy §1.9); erased people's lists are gone at SUCCESS.
const listDays = 90
// A request writes its list moments before its row: an object without a row for an hour belongs to a crash.
const orphanAgeMs = dayMs / 24

/** Removes expired archives and lists, and objects whose request never came to be. */
export const sweep = async (deps: SweepDeps): Promise<void> => {
  const now = new Date(deps.nowMs())
  for (const task of await taskStore.expired(deps.control, deps.regionId, now, listDays)) {
    if (task.archiveObjectKey !== null) await deps.objects.delete(task.archiveObjectKey)
    if (task.idsObjectKey !== null) await deps.idLists.delete(task.idsObjectKey)
    await taskStore.change(deps.control, task.trackingId, {
      archive_object_key: null,
      archive_expires_at: null,
      ids_object_key: null,
    })
  }
  const old = (await deps.objects.list(privacyPrefix)).filter(
    (object) => object.modifiedAtMs < deps.nowMs() - orphanAgeMs,
  )
  if (old.length === 0) return
  const rows = await deps.control.rows<{ key: string }>(
    `SELECT unnest(ARRAY[ids_object_key, archive_object_key]) AS key FROM privacy_task
     WHERE region = $1 AND (ids_object_key IS NOT NULL OR archive_object_key IS NOT NULL)`,
    [deps.regionId],
  )
  const known = new Set(rows.map((row) => row.key))
  for (const { key } of old) if (!known.has(key)) await deps.objects.delete(key)
}
