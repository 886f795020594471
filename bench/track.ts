import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import autocannon from 'autocannon'
import type { BenchOptions } from './run.ts'
import { openBareEngine } from './support/bare-engine.ts'
import { project, startBenchServer } from './support/bench-server.ts'
import { note, reportRate } from './support/report.ts'
import { trackBody } from './support/sample-events.ts'

const connectionCount = 64
const roundCount = 3

/** /track of one event per request against a Fastify route that only parses the body. */
export const runTrackBench = async ({ phaseSeconds }: BenchOptions): Promise<void> => {
  const bare = await startBareRoute()
  const lethe = await startBenchServer()
  const engine = await openBareEngine(lethe.dataDir)
  const body = trackBody(project.token)
  const load = async (url: string): Promise<number> => {
    const result = await autocannon({
      url: `${url}/track`,
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body,
      connections: connectionCount,
      duration: phaseSeconds,
    })
    if (result.errors > 0 || result.non2xx > 0) throw new Error(`${result.errors + result.non2xx} requests failed`)
    return result['2xx'] / result.duration
  }
  try {
    await assertStored(lethe.url, body)
    const rounds: { ours: number; raw: number }[] = []
    for (let round = 0; round < roundCount; round += 1) {
      const raw = await load(bare.url)
      const ours = await load(lethe.url)
      note(`round ${round + 1}: ${Math.round(ours)} requests/s against ${Math.round(raw)}`)
      rounds.push({ ours, raw })
    }
    const mean = (side: 'ours' | 'raw') => rounds.reduce((sum, round) => sum + round[side], 0) / roundCount
    reportRate({
      name: 'track',
      unit: 'requests',
      ours: mean('ours'),
      raw: mean('raw'),
      rawName: 'a bare Fastify route',
      goal: 0.5,
    })
    note(`rows stored: ${(await engine.run('SELECT count() FROM event')).trim()}`)
  } finally {
    engine.close()
    await Promise.all([lethe.stop(), bare.stop()])
  }
}

/** What is measured must be the real thing: a refused event would be answered faster. */
const assertStored = async (url: string, body: string): Promise<void> => {
  const headers = { 'Content-Type': 'application/json' }
  const answer = await (await fetch(`${url}/track?verbose=1`, { method: 'POST', headers, body })).text()
  if (!answer.includes('"status":1')) throw new Error(`/track answered ${answer}`)
}

const startBareRoute = async () => {
  const file = join(import.meta.dirname, 'support', 'bare-route.ts')
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return {
    url: line.toString().trim(),
    stop: async () => {
      child.kill()
      await ended
    },
  }
}
