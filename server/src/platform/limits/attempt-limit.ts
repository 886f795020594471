import { RateLimited } from '../../kernel/errors.ts'
import type { Clock } from '../../kernel/time.ts'

export interface AttemptLimitOptions {
  readonly clock: Clock
  readonly attemptCountMax: number
  readonly windowMs: number
  readonly keyCountMax: number
}

interface Window {
  attemptCount: number
  readonly endsAtMs: number
}

/** Counts failures per key in a fixed window, in this process. Forgets the oldest keys when there are too many. */
export const createAttemptLimit = ({ clock, attemptCountMax, windowMs, keyCountMax }: AttemptLimitOptions) => {
  const windows = new Map<string, Window>()

  const current = (key: string): Window | undefined => {
    const found = windows.get(key)
    if (found !== undefined && found.endsAtMs <= clock.nowMs()) {
      windows.delete(key)
      return undefined
    }
    return found
  }

  return {
    /** Counts an attempt before its outcome is known, so that parallel guesses count too. Throws RateLimited. */
    begin(key: string): void {
      const found = current(key)
      if (found === undefined) {
        windows.set(key, { attemptCount: 1, endsAtMs: clock.nowMs() + windowMs })
        if (windows.size > keyCountMax) windows.delete(windows.keys().next().value as string)
        return
      }
      if (found.attemptCount >= attemptCountMax) {
        const waitSeconds = Math.max(1, Math.ceil((found.endsAtMs - clock.nowMs()) / 1_000))
        throw new RateLimited('too many attempts; wait a little', waitSeconds)
      }
      found.attemptCount += 1
    },
    /** The attempt was a success and does not count. */
    takeBack(key: string): void {
      const found = current(key)
      if (found !== undefined) found.attemptCount -= 1
    },
    /** Whoever is in has nothing to guess any more. */
    forget(key: string): void {
      windows.delete(key)
    },
  }
}
