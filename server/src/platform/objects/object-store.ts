import type { Readable } from 'node:stream'

export interface ObjectInfo {
  readonly key: string
  readonly sizeBytes: number
  readonly modifiedAtMs: number
}

/** One region's bucket: a folder here, S3 behind the same port. Keys are `a/b/c`, without personal data in them. */
export interface ObjectStore {
  readonly regionId: string
  /** Folder on this machine that holds the objects; null when remote. */
  readonly dataDir: string | null
  /** Durable and whole, or not there at all. Replaces. */
  put(key: string, body: Readable | Buffer | string): Promise<ObjectInfo>
  /** Null when there is no such object. */
  get(key: string): Promise<{ readonly info: ObjectInfo; readonly body: Readable } | null>
  /** Gone from disk when it resolves; no error when it was not there. */
  delete(key: string): Promise<void>
  list(prefix: string): Promise<readonly ObjectInfo[]>
  ping(): Promise<void>
}
