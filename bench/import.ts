import { gunzipSync } from 'node:zlib'
import type { BenchOptions } from './run.ts'
import { type BareEngine, openBareEngine } from './support/bare-engine.ts'
import { asAccount, project, startBenchServer } from './support/bench-server.ts'
import { cpuMsOf } from './support/cpu-time.ts'
import { note, reportBound, reportRate } from './support/report.ts'
import { ndjsonBatches } from './support/sample-events.ts'
import { type Load, perSecond, type Sent, sendEach, sendFor, type Target } from './support/send-for.ts'
import { watchMemory } from './support/watch-memory.ts'

const eventsPerBatch = 2_000
const batchCount = 60
const connectionCount = 8
const roundCount = 3
const memorySeconds = 30
const memoryGoalMb = 400
const growthGoalMb = 40

/** /import of gzip NDJSON against the same rows given to the same engine; then memory under that load. */
export const runImportBench = async ({ phaseSeconds }: BenchOptions): Promise<void> => {
  const lethe = await startBenchServer()
  const engine = await openBareEngine(lethe.dataDir)
  try {
    const batches = ndjsonBatches(batchCount, eventsPerBatch)
    const ours: Load = {
      port: lethe.port,
      path: `/import?strict=1&project_id=${project.id}`,
      headers: { ...asAccount, 'Content-Type': 'application/x-ndjson', 'Content-Encoding': 'gzip' },
      bodies: batches,
      connectionCount,
      seconds: phaseSeconds,
    }
    const raw: Load = { ...ours, ...(await rawSide(engine, ours)) }
    note(
      `${eventsPerBatch} events a batch, ${megabytes(batches.map((b) => gunzipSync(b)))} MB NDJSON as ${megabytes(raw.bodies)} MB rows`,
    )
    const rounds = await alternate(engine, lethe.pid, ours, raw)
    reportRate({
      name: 'import',
      unit: 'events',
      ours: perSecond(rounds.map((round) => round.ours)) * eventsPerBatch,
      raw: perSecond(rounds.map((round) => round.raw)) * eventsPerBatch,
      rawName: 'the bare engine',
      goal: 0.5,
    })
    const memory = await watchMemory(lethe.pid, () => sendFor({ ...ours, seconds: memorySeconds }))
    reportBound('memory', memory.peakMb, 'MB', memoryGoalMb)
    reportBound('memory growth', memory.lateMb - memory.earlyMb, 'MB', growthGoalMb)
    note(
      `${memorySeconds} s of load: ${memory.earlyMb.toFixed(0)} MB in the first third, ${memory.lateMb.toFixed(0)} MB in the last`,
    )
  } finally {
    engine.close()
    await lethe.stop()
  }
}

const megabytes = (buffers: readonly Buffer[]): string =>
  (buffers.reduce((sum, { length }) => sum + length, 0) / 1e6).toFixed(1)

/** Takes every batch once through the server, then reads back the very rows it made of them, batch by batch. */
const rawSide = async (engine: BareEngine, ours: Load): Promise<Target & Pick<Load, 'bodies'>> => {
  await sendEach(ours, ours.bodies)
  await engine.run('CREATE DATABASE bench ENGINE = Atomic')
  await engine.run('CREATE TABLE bench.event AS lethe.event')
  const bodies: Buffer[] = []
  for (let batch = 0; batch < batchCount; batch += 1) {
    const rows = await engine.run(
      `SELECT * EXCEPT ingested_at FROM event WHERE startsWith(insert_id, '${batch}-')
       ORDER BY toUInt32(splitByChar('-', insert_id)[2]) FORMAT JSONEachRow`,
    )
    bodies.push(Buffer.from(rows))
  }
  const query = encodeURIComponent('INSERT INTO bench.event FORMAT JSONEachRow')
  const path = `/?query=${query}&wait_end_of_query=1&async_insert=0&input_format_parallel_parsing=0`
  return { port: engine.port, path, headers: engine.headers, bodies }
}

/** Turn by turn, so that a noisy minute hits both sides; each turn begins with an empty table. */
const alternate = async (
  engine: BareEngine,
  serverPid: number,
  ours: Load,
  raw: Load,
): Promise<readonly { ours: Sent; raw: Sent }[]> => {
  const rounds: { ours: Sent; raw: Sent }[] = []
  const turn = async (load: Load): Promise<Sent & { readonly usPerEvent: readonly number[] }> => {
    await engine.run('TRUNCATE TABLE bench.event')
    await engine.run('TRUNCATE TABLE lethe.event')
    const cpuMs = () => Promise.all([cpuMsOf(serverPid), cpuMsOf(engine.pid)])
    const before = await cpuMs()
    const sent = await sendFor(load)
    const after = await cpuMs()
    const eventCount = sent.requestCount * eventsPerBatch
    return { ...sent, usPerEvent: after.map((ms, at) => ((ms - (before[at] ?? 0)) * 1_000) / eventCount) }
  }
  for (let round = 0; round < roundCount; round += 1) {
    const rawSent = await turn(raw)
    const oursSent = await turn(ours)
    const rates = [oursSent, rawSent].map((sent) => Math.round(perSecond([sent]) * eventsPerBatch))
    const [serverUs = 0, engineUs = 0] = oursSent.usPerEvent
    note(
      `round ${round + 1}: ${rates[0]} events/s against ${rates[1]}; processor time per event: ` +
        `server ${serverUs.toFixed(1)} us, engine ${engineUs.toFixed(1)} us, against ${rawSent.usPerEvent[1]?.toFixed(1)} us`,
    )
    rounds.push({ ours: oursSent, raw: rawSent })
  }
  return rounds
}
