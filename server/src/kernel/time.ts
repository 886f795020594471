/** UTC calendar day `YYYY-MM-DD`. */
export const utcDay = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

export const dayMs = 86_400_000

/** Injected, so that tests can move it. */
export interface Clock {
  nowMs(): number
}
