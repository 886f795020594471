import { RateLimited } from '../../kernel/errors.ts'

export interface RollingLimitOptions {
  readonly windowMs: number
  readonly countMax: number
  readonly nowMs: () => number
  /** What the caller is told. Default: names the limit. */
  readonly message?: string
  /** Keys held at once, the longest known are forgotten first. Default 10,000. */
  readonly keyCountMax?: number
}

/** So many per key in any window that ends now, in memory: one server's share of the limit. */
export interface RollingLimit {
  /** Throws RateLimited, with the seconds to wait, while the window has no room for `count`. */
  check(key: string | number, count?: number): void
  /** Counts without asking. */
  add(key: string | number, count: number): void
  /**
   * `check`, then `add`. The one that fills the window may go beyond it: what takes several at once is never refused
   * for ever.
   */
  take(key: string | number, count?: number): void
}

// Memory of a key is bounded by the slices, however much is counted. A slice counts until all of it is out of the window.
const sliceCountMax = 60

interface Slice {
  readonly number: number
  count: number
}

interface Counted {
  readonly slices: Slice[]
  sum: number
}

export const createRollingLimit = ({
  windowMs,
  countMax,
  nowMs,
  message = `at most ${countMax} in ${windowMs / 1_000} seconds; retry with exponential backoff`,
  keyCountMax = 10_000,
}: RollingLimitOptions): RollingLimit => {
  const sliceMs = windowMs / sliceCountMax
  const known = new Map<string | number, Counted>()
  /** First moment at which a slice counts no more. */
  const endOf = ({ number }: Slice): number => (number + 1) * sliceMs + windowMs

  const current = (key: string | number): Counted | undefined => {
    const found = known.get(key)
    if (found === undefined) return undefined
    const goneCount = found.slices.findIndex((slice) => endOf(slice) > nowMs())
    for (const { count } of found.slices.splice(0, goneCount === -1 ? found.slices.length : goneCount)) {
      found.sum -= count
    }
    if (found.slices.length > 0) return found
    known.delete(key)
    return undefined
  }

  const check = (key: string | number, count = 1): void => {
    const found = current(key)
    let left = found?.sum ?? 0
    if (left + count <= countMax) return
    const freeing = found?.slices.find((slice) => {
      left -= slice.count
      return left + count <= countMax
    })
    // More than the window ever has room for: it is not told when.
    const waitMs = freeing === undefined ? windowMs : endOf(freeing) - nowMs()
    throw new RateLimited(message, Math.max(1, Math.ceil(waitMs / 1_000)))
  }

  const add = (key: string | number, count: number): void => {
    const found = current(key) ?? { slices: [], sum: 0 }
    if (found.slices.length === 0) {
      known.set(key, found)
      if (known.size > keyCountMax) known.delete(known.keys().next().value as string | number)
    }
    const number = Math.floor(nowMs() / sliceMs)
    const last = found.slices.at(-1)
    if (last?.number === number) last.count += count
    else found.slices.push({ number, count })
    found.sum += count
  }

  return {
    check,
    add,
    take: (key, count = 1) => {
      check(key)
      add(key, count)
    },
  }
}
