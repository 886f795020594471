/** UTC, ISO, microseconds, no zone suffix, as the privacy API prints `date_requested` (privacy §1.3). */
export const isoMicrosNoZone = (ms: number): string => `${new Date(ms).toISOString().slice(0, -1)}000`

/** UTC calendar day `YYYY-MM-DD`. */
export const utcDay = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

export const dayMs = 86_400_000

/** Injected, so that tests can move it. */
export interface Clock {
  nowMs(): number
}
