import { dayMs } from '../../kernel/time.ts'

/** Ids that get more events a day than any person makes (identity §7). */
export interface HotIds {
  /** Counts one event; what the id is from it on. `becomes-hot` is said once per id and event date. */
  count(projectId: number, distinctId: string, timeMs: number): 'usual' | 'becomes-hot' | 'hot'
}

// Two stages, so that memory is bounded whatever comes. Every event adds to a cell that many ids share; only an id
// whose cell has a sixteenth of the threshold is counted by itself. So no id is hot too early, and none later than by
// that sixteenth, unless more ids than fit are that frequent.
const cellCount = 2 ** 16
const shareOfThreshold = 16
const countedIdsMax = 20_000

/** IDM-10: of this process, forgotten at midnight (UTC) and at a restart: best effort, as the documents say. */
export const createHotIds = (threshold: number, nowMs: () => number): HotIds => {
  const cells = new Uint32Array(cellCount)
  const counted = new Map<string, number>()
  let today = -1
  let refusedCount = countedIdsMax

  const forgetYesterday = (): void => {
    const day = Math.floor(nowMs() / dayMs)
    if (day === today) return
    today = day
    cells.fill(0)
    counted.clear()
  }

  /** When it is full, those that turned out not to be frequent leave, now and then. */
  const hasRoom = (): boolean => {
    if (counted.size < countedIdsMax) return true
    refusedCount += 1
    if (refusedCount < countedIdsMax) return false
    refusedCount = 0
    for (const [key, count] of counted) if (count * shareOfThreshold < threshold) counted.delete(key)
    return counted.size < countedIdsMax
  }

  return {
    count: (projectId, distinctId, timeMs) => {
      forgetYesterday()
      const day = Math.floor(timeMs / dayMs)
      const cell = cellOf(projectId, day, distinctId)
      const shared = (cells[cell] ?? 0) + 1
      cells[cell] = shared
      if (shared * shareOfThreshold < threshold) return 'usual'
      const key = `${projectId}/${day}/${distinctId}`
      const count = counted.get(key) ?? 0
      if (count === 0 && !hasRoom()) return 'usual'
      counted.set(key, count + 1)
      if (count < threshold) return 'usual'
      return count === threshold ? 'becomes-hot' : 'hot'
    },
  }
}

/** FNV-1a over the two numbers and the UTF-16 units: for every event, so that no text is put together for it. */
const cellOf = (projectId: number, day: number, id: string): number => {
  let hash = Math.imul(Math.imul(0x811c9dc5 ^ projectId, fnvPrime) ^ day, fnvPrime)
  for (let at = 0; at < id.length; at += 1) {
    hash = Math.imul(hash ^ id.charCodeAt(at), fnvPrime)
  }
  return (hash ^ (hash >>> 16)) & (cellCount - 1)
}

const fnvPrime = 0x01000193
