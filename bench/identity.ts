import type { BenchOptions } from './run.ts'
import { ask, untilAnswered } from './support/ask.ts'
import { openBareEngine } from './support/bare-engine.ts'
import { otherProject, project, startBenchServer } from './support/bench-server.ts'
import { compare } from './support/compare.ts'
import {
  dayAgo,
  dayCount,
  deviceShare,
  eventNames,
  fillAnalytics,
  fillLinks,
  personCountOf,
} from './support/fill-analytics.ts'
import { note } from './support/report.ts'

/** Unique users when every one has two devices linked to them, against the same events in a project without links. */
export const runIdentityBench = async ({ eventCount, dataDir }: BenchOptions): Promise<void> => {
  const lethe = await startBenchServer({ dataDir })
  const engine = await openBareEngine(lethe.dataDir)
  try {
    const linkCount = 2 * personCountOf({ eventCount })
    await fillAnalytics(engine, { projectId: project.id, eventCount })
    await fillAnalytics(engine, { projectId: otherProject.id, eventCount })
    await fillLinks(engine, otherProject.id, linkCount)
    note(`${eventCount} events, ${deviceShare * 100} % of them by one of ${linkCount} linked devices`)
    await untilAnswered(lethe, project.id, dayAgo(1))
    const year = { from_date: dayAgo(dayCount), to_date: dayAgo(0), type: 'unique' }
    const every = eventNames.map((name) => `"${name}"`).join(',')
    const questions = {
      'unique users by day, all events': ['events', { ...year, event: `[${every}]`, unit: 'day' }],
      'unique users by month, all events': ['events', { ...year, event: `[${every}]`, unit: 'month' }],
      'unique users by day, one event': ['segmentation', { ...year, event: 'Page view', unit: 'day' }],
    } as const
    for (const [name, [endpoint, params]] of Object.entries(questions)) {
      const of = (projectId: number) => () => ask(lethe, endpoint, { ...params, project_id: projectId })
      await compare({
        name,
        ours: of(otherProject.id),
        raw: of(project.id),
        rawName: 'the same without links',
        goal: 1.3,
      })
    }
    // What the texts of ids cost when nobody is linked, for the engine by itself.
    const sql = `SELECT event, toDate(time) AS day, uniqExact(distinct_id) FROM event
      WHERE project_id = ${project.id} AND distinct_id != '' GROUP BY event, day FORMAT JSONCompact`
    await compare({
      name: 'unique users by day, all events',
      ours: () => ask(lethe, 'events', { ...year, event: `[${every}]`, unit: 'day', project_id: otherProject.id }),
      raw: () => engine.run(sql),
      rawName: 'SQL by hand without links',
      goal: 1.3,
    })
  } finally {
    engine.close()
    await lethe.stop()
  }
}
