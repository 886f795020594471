import type { BenchOptions } from './run.ts'
import { type BareEngine, openBareEngine } from './support/bare-engine.ts'
import { otherProject, project, startBenchServer } from './support/bench-server.ts'
import { fillLinks, fillProfiles } from './support/fill-analytics.ts'
import { note, reportBound, reportRate } from './support/report.ts'
import { type Load, perSecond, type Sent, sendFor } from './support/send-for.ts'
import { watchMemory } from './support/watch-memory.ts'

const batchSize = 50
const batchCount = 200
const connectionCount = 8
const roundCount = 3
const memoryGoalMb = 500

/** Profile updates against inserts of the versions that they make; then memory with ten times as many profiles and links. */
export const runProfilesBench = async ({ eventCount, phaseSeconds }: BenchOptions): Promise<void> => {
  const lethe = await startBenchServer()
  const engine = await openBareEngine(lethe.dataDir)
  try {
    const profileCount = Math.ceil(eventCount / 100)
    await fillProfiles(engine, project.id, profileCount)
    const ours = updatesOf(lethe.port, project.token, profileCount)
    const raw = await versionsOf(engine, ours, profileCount)
    const rounds: { ours: Sent; raw: Sent }[] = []
    for (let round = 0; round < roundCount; round += 1) {
      const both = {
        raw: await sendFor({ ...raw, seconds: phaseSeconds }),
        ours: await sendFor({ ...ours, seconds: phaseSeconds }),
      }
      note(`round ${round + 1}: ${rateOf([both.ours])} updates/s against ${rateOf([both.raw])}`)
      rounds.push(both)
    }
    reportRate({
      name: `updates of ${profileCount} profiles, ${batchSize} a request`,
      unit: 'updates',
      ours: rateOf(rounds.map((round) => round.ours)),
      raw: rateOf(rounds.map((round) => round.raw)),
      rawName: 'bare inserts of the same versions',
      goal: 0.3,
    })
    const manyCount = Math.ceil(eventCount / 10)
    await fillProfiles(engine, otherProject.id, manyCount)
    await fillLinks(engine, otherProject.id, manyCount)
    const many = updatesOf(lethe.port, otherProject.token, manyCount)
    const memory = await watchMemory(lethe.pid, () => sendFor({ ...many, seconds: 3 * phaseSeconds }))
    reportBound(`memory with ${manyCount} profiles and links`, memory.peakMb, 'MB', memoryGoalMb)
  } finally {
    engine.close()
    await lethe.stop()
  }
}

const rateOf = (phases: readonly Sent[]): number => Math.round(perSecond(phases) * batchSize)

/** Profiles all over, never two of one in a batch; each batch says something else. */
const idsOf = (batch: number, profileCount: number): readonly string[] =>
  Array.from({ length: batchSize }, (_, at) => `user-${(batch * 7_919 + at * 104_729) % profileCount}`)

const updatesOf = (port: number, token: string, profileCount: number): Omit<Load, 'seconds'> => ({
  port,
  path: '/engage?verbose=1',
  headers: { 'Content-Type': 'application/json' },
  connectionCount,
  bodies: Array.from({ length: batchCount }, (_, batch) =>
    Buffer.from(
      JSON.stringify(
        idsOf(batch, profileCount).map((id) => ({
          $token: token,
          $distinct_id: id,
          $ip: '0',
          ...(batch % 2 === 0 ? { $set: { plan: 'pro', seen: batch } } : { $add: { visits: 1 } }),
        })),
      ),
    ),
  ),
})

/** The rows that one pass of the updates made, batch by batch, for a copy of the table. */
const versionsOf = async (
  engine: BareEngine,
  ours: Omit<Load, 'seconds'>,
  profileCount: number,
): Promise<Omit<Load, 'seconds'>> => {
  await sendFor({ ...ours, seconds: 2 })
  await engine.run('CREATE DATABASE bench ENGINE = Atomic')
  await engine.run('CREATE TABLE bench.profile AS lethe.profile')
  const bodies: Buffer[] = []
  for (let batch = 0; batch < batchCount; batch += 1) {
    const ids = idsOf(batch, profileCount)
      .map((id) => `'${id}'`)
      .join(', ')
    const rows = await engine.run(
      `SELECT * EXCEPT updated_at FROM profile FINAL WHERE project_id = ${project.id} AND distinct_id IN (${ids}) FORMAT JSONEachRow`,
    )
    bodies.push(Buffer.from(rows))
  }
  const query = encodeURIComponent('INSERT INTO bench.profile FORMAT JSONEachRow')
  const path = `/?query=${query}&wait_end_of_query=1&async_insert=0&input_format_parallel_parsing=0`
  return { ...ours, port: engine.port, path, headers: engine.headers, bodies }
}
