import type { Clock } from '../../../kernel/time.ts'

export interface TimedCacheOptions<Value> {
  readonly clock: Clock
  /** How far behind the store an answer may be when no notification arrives. */
  readonly ttlMs: number
  /** Entries, known and unknown ones alike: guesses cannot grow memory (invariant 9). */
  readonly capacity: number
  readonly load: (key: string) => Promise<Value>
}

interface Entry<Value> {
  readonly value: Promise<Value>
  readonly freshUntilMs: number
}

/** Least recently used answers of `load`, also negative ones; callers at the same time share one load. */
export const createTimedCache = <Value>({ clock, ttlMs, capacity, load }: TimedCacheOptions<Value>) => {
  const entries = new Map<string, Entry<Value>>()

  const get = async (key: string): Promise<Value> => {
    const known = entries.get(key)
    if (known !== undefined && known.freshUntilMs > clock.nowMs()) {
      // Last used goes last: the first one is the next to leave.
      entries.delete(key)
      entries.set(key, known)
      return known.value
    }
    const entry = { value: load(key), freshUntilMs: clock.nowMs() + ttlMs }
    entries.delete(key)
    entries.set(key, entry)
    if (entries.size > capacity) entries.delete(entries.keys().next().value as string)
    try {
      return await entry.value
    } catch (error) {
      if (entries.get(key) === entry) entries.delete(key)
      throw error
    }
  }

  /** Loads that are under way when this is called are not kept either. */
  const clear = (): void => entries.clear()

  return { get, clear, size: () => entries.size }
}
