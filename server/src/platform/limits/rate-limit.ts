import { RateLimited } from '../../kernel/errors.ts'

/** Token buckets by project, in memory: one server's share of the limit (PRIV-15). */
export interface RateLimit {
  /** Throws RateLimited with the seconds to wait. */
  take(projectId: number): void
}

// Buckets that are full again are forgotten once there are this many.
const bucketCountMax = 10_000

export const createRateLimit = (ratePerSecond: number, burst: number, nowMs: () => number): RateLimit => {
  const buckets = new Map<number, { tokens: number; atMs: number }>()
  return {
    take: (projectId) => {
      const now = nowMs()
      const bucket = buckets.get(projectId) ?? { tokens: burst, atMs: now }
      const tokens = Math.min(burst, bucket.tokens + ((now - bucket.atMs) / 1_000) * ratePerSecond)
      if (tokens < 1) {
        throw new RateLimited(
          `at most ${ratePerSecond} requests per second for this project; retry with exponential backoff`,
          Math.max(1, Math.ceil((1 - tokens) / ratePerSecond)),
        )
      }
      if (buckets.size > bucketCountMax) buckets.clear()
      buckets.set(projectId, { tokens: tokens - 1, atMs: now })
    },
  }
}
