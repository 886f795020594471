import { request } from 'node:http'
import type { BenchOptions } from './run.ts'
import { openBareEngine } from './support/bare-engine.ts'
import { asAccount, project, startBenchServer } from './support/bench-server.ts'
import { dayAgo, fillAnalytics } from './support/fill-analytics.ts'
import { median, note, reportBound, reportRate } from './support/report.ts'
import type { Target } from './support/send-for.ts'
import { watchMemory } from './support/watch-memory.ts'

const roundCount = 5
const days = { from: dayAgo(60), to: dayAgo(31) }
const memoryGoalMb = 400
const growthGoalMb = 40

/** A month of raw export against the same rows in the engine's own JSON; then memory of the server meanwhile. */
export const runExportBench = async ({ eventCount, dataDir }: BenchOptions): Promise<void> => {
  const lethe = await startBenchServer({ dataDir })
  const engine = await openBareEngine(lethe.dataDir)
  try {
    await fillAnalytics(engine, { projectId: project.id, eventCount })
    const ours: Target = {
      port: lethe.port,
      path: `/api/2.0/export?project_id=${project.id}&from_date=${days.from}&to_date=${days.to}`,
      headers: asAccount,
    }
    const sql = `SELECT event, time, distinct_id, insert_id, properties FROM event WHERE project_id = ${project.id}
      AND time >= toDateTime64('${days.from}', 3, 'UTC')
      AND time < toDateTime64('${days.to}', 3, 'UTC') + INTERVAL 1 DAY FORMAT JSONEachRow`
    const raw: Target = { port: engine.port, path: `/?query=${encodeURIComponent(sql)}`, headers: engine.headers }
    const [oursRates, rawRates]: [number[], number[]] = [[], []]
    for (let round = 0; round < roundCount; round += 1) {
      rawRates.push(await megabytesPerSecond(raw))
      oursRates.push(await megabytesPerSecond(ours))
    }
    reportRate({
      name: 'raw export of a month',
      unit: 'MB',
      ours: median(oursRates),
      raw: median(rawRates),
      rawName: 'JSONEachRow of the engine',
      goal: 0.7,
    })
    const memory = await watchMemory(lethe.pid, async () => {
      for (let round = 0; round < roundCount; round += 1) await megabytesPerSecond(ours)
    })
    reportBound('memory', memory.peakMb, 'MB', memoryGoalMb)
    reportBound('memory growth', memory.lateMb - memory.earlyMb, 'MB', growthGoalMb)
  } finally {
    engine.close()
    await lethe.stop()
  }
}

/** Reads an answer to its end, as fast as it comes, and keeps nothing of it. */
const megabytesPerSecond = async (target: Target): Promise<number> => {
  const startedAtMs = performance.now()
  const byteCount = await byteCountOf(target)
  const seconds = (performance.now() - startedAtMs) / 1_000
  note(`${(byteCount / 1e6).toFixed(1)} MB in ${seconds.toFixed(2)} s from ${target.path.slice(0, 20)}`)
  return byteCount / 1e6 / seconds
}

const byteCountOf = ({ port, path, headers }: Target): Promise<number> =>
  new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, headers, agent: false }, (response) => {
      if (response.statusCode !== 200) return reject(new Error(`${path} answered ${response.statusCode}`))
      let byteCount = 0
      response.on('data', (chunk: Buffer) => {
        byteCount += chunk.length
      })
      response.once('error', reject)
      response.once('end', () => resolve(byteCount))
    })
    sent.once('error', reject)
    sent.end()
  })
