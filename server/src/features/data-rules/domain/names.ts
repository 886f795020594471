import { truncateUtf8 } from '../../../kernel/text.ts'

export const nameBytesMax = 255
// So many UTF-16 units are never more bytes than that.
const surelyShort = nameBytesMax / 3

/** A name as it is stored: a rule must not be passed by a name that becomes the ruled one later (ingestion §7). */
export const storedName = (name: string): string =>
  name.length <= surelyShort && name.isWellFormed() ? name : truncateUtf8(name.toWellFormed(), nameBytesMax)

// Without these a record has no owner, no time or no place to go; an erasure finds people by them.
const unruled: ReadonlySet<string> = new Set([
  'token',
  'time',
  'distinct_id',
  '$distinct_id',
  '$device_id',
  '$user_id',
  '$insert_id',
  '$identified_id',
  '$anon_id',
  '$anon_distinct_id',
  '$distinct_ids',
  'alias',
  '$ignore',
])

/** True for properties that no rule may look at or change: they say whose the record is. */
export const isUnruled = (name: string): boolean => unruled.has(name)
