import { rm } from 'node:fs/promises'
import { newDataDir } from '../server/test/support/lethe.ts'
import { startBenchServer } from './support/bench-server.ts'
import { median, note, reportBound } from './support/report.ts'

const startCount = 5

/** From the command to `lethe ready`, on a folder that a first run has made. */
export const runStartBench = async (): Promise<void> => {
  const dataDir = await newDataDir()
  try {
    const seconds: number[] = []
    for (let start = 0; start <= startCount; start += 1) {
      const startedAtMs = performance.now()
      const lethe = await startBenchServer({ dataDir })
      seconds.push((performance.now() - startedAtMs) / 1_000)
      await lethe.stop()
    }
    const [first = 0, ...later] = seconds
    reportBound('start', median(later), 's', 5)
    note(`first start ${first.toFixed(2)} s, then ${later.map((value) => value.toFixed(2)).join(', ')} s`)
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}
