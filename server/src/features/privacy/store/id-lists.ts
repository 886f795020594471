import { randomUUID } from 'node:crypto'
import { text } from 'node:stream/consumers'
import { assert } from '../../../kernel/errors.ts'
import type { ObjectStore } from '../../../platform/objects/object-store.ts'

/** Everything of the privacy slice in a region's objects. A key names a project and a task, never a person. */
export const privacyPrefix = 'privacy/'
export const privacyPrefixOf = (projectId: number): string => `${privacyPrefix}${projectId}/`
export const idListPrefix = (projectId: number): string => `${privacyPrefixOf(projectId)}ids/`
export const archivePrefix = (projectId: number): string => `${privacyPrefixOf(projectId)}archives/`

/** The ids of one task; lives in the region's objects because ids are end-user data (DESIGN §2). */
export interface IdList {
  /** As requested, minus those that another erasure has dealt with (ADR 0007). */
  readonly distinct_ids: readonly string[]
  /** A list younger than an erasure's cutoff is a new request: it is no concern of that erasure. */
  readonly requested_at_ms: number
  /** The whole identity clusters, once a retrieval has looked them up: the archive names them all. */
  readonly cluster_ids?: readonly string[]
}

export interface IdLists {
  /** Writes a new list under a new key (a list never changes under its key, so a reader sees one or the other). */
  write(projectId: number, trackingId: string, list: IdList): Promise<string>
  /** Null when the list is gone. */
  read(key: string): Promise<IdList | null>
  delete(key: string): Promise<void>
  /** Takes ids out of a list that no task refers to, in place. */
  strikeOrphan(key: string, list: IdList): Promise<void>
}

export const createIdLists = (objects: ObjectStore): IdLists => ({
  write: async (projectId, trackingId, list) => {
    const key = `${idListPrefix(projectId)}${trackingId}.${randomUUID()}.json`
    await objects.put(key, JSON.stringify(list))
    return key
  },
  read: async (key) => {
    const object = await objects.get(key)
    if (object === null) return null
    const list: unknown = JSON.parse(await text(object.body))
    assert(isIdList(list), 'an id list is damaged')
    return list
  },
  delete: (key) => objects.delete(key),
  strikeOrphan: async (key, list) => {
    await objects.put(key, JSON.stringify(list))
  },
})

const isIdList = (value: unknown): value is IdList =>
  typeof value === 'object' && value !== null && Array.isArray((value as { distinct_ids?: unknown }).distinct_ids)

/** The task a key belongs to. */
export const trackingIdOfKey = (key: string): string => key.slice(key.lastIndexOf('/') + 1).split('.')[0] ?? ''
