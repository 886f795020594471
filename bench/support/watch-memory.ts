import { readFile } from 'node:fs/promises'
import { median } from './report.ts'

export interface MemoryUse {
  readonly peakMb: number
  /** Medians of the first and the last third: a leak shows between them. */
  readonly earlyMb: number
  readonly lateMb: number
}

const intervalMs = 250

const residentMb = async (pid: number): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1_024
}

/** Samples the resident memory of a process while `work` runs. */
export const watchMemory = async (pid: number, work: () => Promise<unknown>): Promise<MemoryUse> => {
  const samples: number[] = [await residentMb(pid)]
  let failure: unknown = null
  const look = () => {
    residentMb(pid).then(
      (mb) => samples.push(mb),
      (error: unknown) => {
        failure = error
      },
    )
  }
  const timer = setInterval(look, intervalMs)
  try {
    await work()
  } finally {
    clearInterval(timer)
  }
  if (failure !== null) throw failure
  const third = Math.max(1, Math.floor(samples.length / 3))
  return {
    peakMb: Math.max(...samples),
    earlyMb: median(samples.slice(0, third)),
    lateMb: median(samples.slice(-third)),
  }
}
