import { createHash } from 'node:crypto'

// A group key is the name of an event property whose value says which group an event belongs to (ingestion §13).

// An erasure leaves group profiles alone (privacy §1.9), so that nobody's own id may be one's key.
const personProperties: ReadonlySet<string> = new Set([
  'distinct_id',
  '$distinct_id',
  '$device_id',
  '$user_id',
  '$anon_id',
  '$identified_id',
])
// Removed or replaced by the server when an event is stored: no event could ever belong to such a group.
const notStored: ReadonlySet<string> = new Set(['token', 'ip', '$ip', 'time', '$insert_id'])

const keyBytesMax = 255

/** True for a property that says who an event is about. */
export const namesPeople = (key: string): boolean => personProperties.has(key)

/** Why `key` cannot be set up as a group key of a project; null when it can (ING-24). */
export const groupKeyFault = (key: string): string | null => {
  if (key === '' || key !== key.trim()) return 'must be a text without spaces around it'
  if (!key.isWellFormed() || Buffer.byteLength(key) > keyBytesMax)
    return `must be at most ${keyBytesMax} bytes of UTF-8`
  if (/\p{Cc}/u.test(key)) return 'must not hold control characters'
  if (namesPeople(key)) return 'names people, not groups'
  return notStored.has(key) ? 'is not kept on events' : null
}

/** How the public API names the profiles of a key: a signed 64-bit number, as text. The same on every server (QRY-13). */
export const dataGroupId = (projectId: number, key: string): string =>
  createHash('sha256').update(`${projectId}/${key}`).digest().readBigInt64BE(0).toString()
