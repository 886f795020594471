import type { Received } from '../../http/route.ts'
import { createRollingLimit } from '../../platform/limits/rolling-limit.ts'

/** Per project and rolling minute, for this server (ingestion §11). 0: no limit. */
export interface IngestRateSettings {
  readonly bytesPerMinuteMax: number
  readonly eventsPerMinuteMax: number
}

export interface IngestRate {
  /** Throws RateLimited when the project has sent as much as it may. */
  check(projectId: number): void
  /** Counts what was sent, good or bad; what was refused for its rate is not counted, or nobody ever came back. */
  add(projectId: number, sentBytes: number, recordCount: number): void
}

const windowMs = 60_000
const message = 'Project exceeded rate limits. Please retry the request with exponential backoff.'

/** ING-26: the request that fills the minute is served as a whole. */
export const createIngestRate = (
  { bytesPerMinuteMax, eventsPerMinuteMax }: IngestRateSettings,
  nowMs: () => number,
): IngestRate => {
  const limitOf = (countMax: number) =>
    countMax === 0 ? null : createRollingLimit({ windowMs, countMax, nowMs, message })
  const [bytes, events] = [limitOf(bytesPerMinuteMax), limitOf(eventsPerMinuteMax)]
  return {
    check: (projectId) => {
      bytes?.check(projectId)
      events?.check(projectId)
    },
    add: (projectId, sentBytes, recordCount) => {
      bytes?.add(projectId, sentBytes)
      events?.add(projectId, recordCount)
    },
  }
}

/** What a request weighs: its body after inflation, or what a GET carries in its address. */
const sentBytesOf = ({ body, url }: Received): number => (body.length === 0 ? url.length : body.length)

/** A request that names several projects weighs on each as much as it has records of it. */
export const countSent = (
  rate: IngestRate,
  request: Received,
  recordCounts: ReadonlyMap<number, number>,
  sentCount: number,
): void => {
  for (const [projectId, count] of recordCounts) {
    rate.add(projectId, (sentBytesOf(request) * count) / Math.max(1, sentCount), count)
  }
}
