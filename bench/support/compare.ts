import { median, reportTime } from './report.ts'

export interface Comparison {
  readonly name: string
  readonly ours: () => Promise<unknown>
  readonly raw: () => Promise<unknown>
  readonly rawName: string
  readonly goal: number
  /** What a request may cost beside its work; not counted in the ratio. */
  readonly freeMs?: number
  readonly roundCount?: number
}

export const timeOf = async (work: () => Promise<unknown>): Promise<number> => {
  const startedAtMs = performance.now()
  await work()
  return performance.now() - startedAtMs
}

/** Both sides turn by turn, the first one changing; medians. The first round of each warms what caches there are. */
export const compare = async ({ ours, raw, roundCount = 7, ...what }: Comparison): Promise<void> => {
  const times = { ours: [] as number[], raw: [] as number[] }
  for (let round = 0; round <= roundCount; round += 1) {
    const sides = [
      ['raw', raw],
      ['ours', ours],
    ] as const
    for (const [side, work] of round % 2 === 0 ? sides : sides.toReversed()) {
      const ms = await timeOf(work)
      if (round > 0) times[side].push(ms)
    }
  }
  reportTime({ ...what, oursMs: median(times.ours), rawMs: median(times.raw) })
}
