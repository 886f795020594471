import type { Clock } from '../kernel/time.ts'

export const systemClock: Clock = { nowMs: () => Date.now() }
