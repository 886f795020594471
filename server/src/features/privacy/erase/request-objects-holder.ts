import type { ErasureBatch, PersonalDataHolder } from '../../../kernel/subject.ts'
import type { ObjectStore } from '../../../platform/objects/object-store.ts'
import type { ControlDb, ControlTx } from '../../../platform/postgres/control-db.ts'
import type { PrivacyTask } from '../domain/task.ts'
import { createIdLists, type IdLists, idListPrefix, privacyPrefix, trackingIdOfKey } from '../store/id-lists.ts'
import { type IdHash, taskStore } from '../store/postgres-task-store.ts'
import { idsByProject } from './batch.ts'

export interface RequestObjectsDeps {
  readonly control: ControlDb
  readonly objects: (regionId: string) => ObjectStore
  readonly idHash: IdHash
}

/**
 * Id lists and archives of other requests that name the people (ADR 0007, ADR 0010). What a request asked for is done
 * for an erased person, so their ids are struck from its list; an archive that holds their data is deleted.
 * Requests made after the cutoff are new and stay as they are.
 */
export const createRequestObjectsHolder = (deps: RequestObjectsDeps): PersonalDataHolder => {
  const naming = (tx: ControlTx, projectId: number, ids: Iterable<string>, batchId: string, until: string | null) => {
    const hashes = [...ids].map((id) => deps.idHash(projectId, id))
    return taskStore.lockNaming(tx, projectId, hashes, batchId, until)
  }

  const strike = async (tx: ControlTx, task: PrivacyTask, ids: ReadonlySet<string>): Promise<void> => {
    const objects = deps.objects(task.region)
    const idLists = createIdLists(objects)
    if (task.archiveObjectKey !== null) {
      await objects.delete(task.archiveObjectKey)
      await taskStore.change(tx, task.trackingId, { archive_object_key: null, archive_expires_at: null })
    }
    const list = task.idsObjectKey === null ? null : await idLists.read(task.idsObjectKey)
    if (list === null || task.idsObjectKey === null) return
    const kept = list.distinct_ids.filter((id) => !ids.has(id))
    const clusterIds = list.cluster_ids?.filter((id) => !ids.has(id))
    const key = await idLists.write(task.projectId, task.trackingId, {
      distinct_ids: kept,
      ...(clusterIds === undefined ? {} : { cluster_ids: clusterIds }),
      requested_at_ms: list.requested_at_ms,
    })
    await taskStore.change(tx, task.trackingId, { ids_object_key: key })
    const hashes = (clusterIds ?? kept).map((id) => deps.idHash(task.projectId, id))
    await taskStore.replaceHashes(tx, task.trackingId, task.projectId, hashes)
  }

  /**
   * Lists that a newer one has replaced: what was struck just now, or what a crash between the two left behind. Never
   * before the transaction that points to the newer one has ended; with the rows locked, no other such one is open.
   */
  const dropReplacedLists = async (batch: ErasureBatch, projectId: number, ids: ReadonlySet<string>): Promise<void> => {
    const objects = deps.objects(batch.regionId)
    const keys = (await objects.list(idListPrefix(projectId))).map(({ key }) => key)
    const current = await deps.control.tx((tx) => taskStore.lockListKeys(tx, projectId, keys.map(trackingIdOfKey)))
    for (const key of keys) {
      const currentKey = current.get(trackingIdOfKey(key))
      if (currentKey === undefined) await strikeOrphan(createIdLists(objects), key, ids, batch.cutoff)
      else if (currentKey !== key) await objects.delete(key)
    }
  }

  /**
   * A list without a row belongs to a request that is being made, or to one whose server died before its row was there.
   * It cannot be told which, so the list stays, without the people: they are erased up to a cutoff later than it.
   */
  const strikeOrphan = async (
    idLists: IdLists,
    key: string,
    ids: ReadonlySet<string>,
    cutoff: string,
  ): Promise<void> => {
    const list = await idLists.read(key)
    if (list === null || list.requested_at_ms > Date.parse(`${cutoff.replace(' ', 'T')}Z`)) return
    const kept = list.distinct_ids.filter((id) => !ids.has(id))
    if (kept.length < list.distinct_ids.length) await idLists.strikeOrphan(key, { ...list, distinct_ids: kept })
  }

  return {
    name: 'privacy requests',
    tables: [],
    objectPrefixes: [privacyPrefix],
    eraseAfter: [],

    count: async (scope, subject) => {
      const tasks = await deps.control.tx((tx) =>
        naming(tx, scope.projectId, subject.distinctIds, '', subject.ingestedUntil),
      )
      const archives = tasks.filter((task) => task.archiveObjectKey !== null)
      return { rowCount: tasks.length + archives.length, partitions: [] }
    },

    // One transaction per project, so that a cancellation of the same task waits and then sees the new list.
    erase: async (batch) => {
      for (const [projectId, ids] of idsByProject(batch)) {
        await deps.control.tx(async (tx) => {
          for (const task of await naming(tx, projectId, ids, batch.batchId, batch.cutoff)) await strike(tx, task, ids)
        })
        await dropReplacedLists(batch, projectId, ids)
      }
    },
  }
}
