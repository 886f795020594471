import type { BenchOptions } from './run.ts'
import { ask } from './support/ask.ts'
import { openBareEngine } from './support/bare-engine.ts'
import { project, startBenchServer } from './support/bench-server.ts'
import { timeOf } from './support/compare.ts'
import { fillProfiles, personCountOf } from './support/fill-analytics.ts'
import { median, note, reportBound } from './support/report.ts'

const roundCount = 15
const goalMs = 300
const questions = {
  'engage page of 1,000, where on a text': 'properties["plan"] == "pro" and properties["is_member"] == true',
  'engage page of 1,000, where on a number': 'properties["items"] > 9',
}

/** Pages of profiles that meet a condition: the first, which finds all of them, and one that follows. */
export const runEngageBench = async ({ eventCount, dataDir }: BenchOptions): Promise<void> => {
  const lethe = await startBenchServer({ dataDir })
  const engine = await openBareEngine(lethe.dataDir)
  try {
    const profileCount = personCountOf({ eventCount })
    await fillProfiles(engine, project.id, profileCount)
    for (const [name, where] of Object.entries(questions)) {
      const params = { project_id: project.id, where }
      const { session_id: sessionId, total, results } = (await ask(lethe, 'engage', params)).json()
      note(`${total} of ${profileCount} profiles; ${results.length} on the first page`)
      const first: number[] = []
      const second: number[] = []
      for (let round = 0; round < roundCount; round += 1) {
        first.push(await timeOf(() => ask(lethe, 'engage', params)))
        second.push(await timeOf(() => ask(lethe, 'engage', { ...params, session_id: sessionId, page: 1 })))
      }
      reportBound(`${name}, first`, median(first), 'ms', goalMs)
      reportBound(`${name}, second`, median(second), 'ms', goalMs)
    }
  } finally {
    engine.close()
    await lethe.stop()
  }
}
