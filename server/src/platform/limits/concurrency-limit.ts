import { RateLimited } from '../../kernel/errors.ts'

export interface ConcurrencyLimitOptions {
  /** What the caller is told. Default: names the limit. */
  readonly message?: string
  readonly retryAfterSeconds?: number
}

/** So many at once per key, in this process. Nobody waits: one too many is refused. */
export interface ConcurrencyLimit {
  /** Throws RateLimited. The answer ends what was begun; calling it again does nothing. */
  enter(key: string | number): () => void
  /** `enter` around `work`, however it ends. */
  run<Result>(key: string | number, work: () => Promise<Result>): Promise<Result>
}

export const createConcurrencyLimit = (
  countMax: number,
  {
    message = `at most ${countMax} at once; retry with exponential backoff`,
    retryAfterSeconds = 1,
  }: ConcurrencyLimitOptions = {},
): ConcurrencyLimit => {
  const running = new Map<string | number, number>()

  const enter = (key: string | number): (() => void) => {
    const count = running.get(key) ?? 0
    if (count >= countMax) throw new RateLimited(message, retryAfterSeconds)
    running.set(key, count + 1)
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      const left = (running.get(key) ?? 1) - 1
      if (left === 0) running.delete(key)
      else running.set(key, left)
    }
  }

  return {
    enter,
    run: async (key, work) => {
      const leave = enter(key)
      try {
        return await work()
      } finally {
        leave()
      }
    },
  }
}
