import { createLedger, type Ledger } from '../server/src/features/duplicates/ledger.ts'
import { createLedgerStore, type LedgerStore } from '../server/src/features/duplicates/store/clickhouse-ledger.ts'
import { duplicatesParams, eventRowsSql, visibleEventsSql } from '../server/src/features/identity/index.ts'
import { projectScope } from '../server/src/kernel/scope.ts'
import { openRemoteRegionDb } from '../server/src/platform/clickhouse/clickhouse-region-db.ts'
import type { RegionDb } from '../server/src/platform/clickhouse/region-db.ts'
import type { BenchOptions } from './run.ts'
import { type BareEngine, openBareEngine } from './support/bare-engine.ts'
import { project, startBenchServer } from './support/bench-server.ts'
import { fillEvents } from './support/fill-project.ts'
import { median, note, reportBound, reportTime } from './support/report.ts'

const roundCount = 7
const importCount = 10
const eventsPerImport = 2_000
const scope = projectScope(project.id, 'US')

/** Uniques by day, read as queries read it and as if nothing ever came in twice; the price of being right at once. */
export const runDuplicatesBench = async ({ eventCount }: BenchOptions): Promise<void> => {
  const lethe = await startBenchServer()
  const engine = await openBareEngine(lethe.dataDir)
  const password = encodeURIComponent(engine.headers['X-ClickHouse-Key'] ?? '')
  const url = `http://lethe:${password}@127.0.0.1:${engine.port}/lethe`
  const db = await openRemoteRegionDb({ regionId: 'US', url, cluster: null })
  const store = createLedgerStore(db)
  const ledger = createLedger(store)
  try {
    const personCount = await fillEvents(engine, eventCount)
    const startedAtMs = performance.now()
    await ledger.look()
    note(
      `${eventCount} events of ${personCount} people; looked at in ${seconds(performance.now() - startedAtMs)} s more`,
    )
    await measureRead(db, ledger, 'uniques by day, no duplicates', 1.15)
    await measureLooks(engine, store, ledger)
    await measureRead(db, ledger, 'uniques by day after the imports', 1.15)
    await sendAgain(engine, Math.ceil(eventCount / 1_000))
    await measureRead(db, ledger, 'uniques by day, one event in 1,000 twice', 2)
  } finally {
    await db.close()
    engine.close()
    await lethe.stop()
  }
}

const seconds = (ms: number): string => (ms / 1_000).toFixed(1)

const timeOf = async (work: () => Promise<unknown>): Promise<number> => {
  const startedAtMs = performance.now()
  await work()
  return performance.now() - startedAtMs
}

const uniquesByDay = async (db: RegionDb, ledger: Ledger | null): Promise<unknown> => {
  const known = ledger === null ? null : await ledger.catchUp(scope)
  return db.rows(
    `SELECT toDate(e.time) AS day, count() AS event_count, uniqExact(e.distinct_id) AS person_count
     ${visibleEventsSql('everybody', '', eventRowsSql(known))} GROUP BY day ORDER BY day`,
    { params: { projectId: scope.projectId, ...duplicatesParams(known) } },
  )
}

const measureRead = async (db: RegionDb, ledger: Ledger, name: string, goal: number): Promise<void> => {
  const ours: number[] = []
  const raw: number[] = []
  for (let round = 0; round < roundCount; round += 1) {
    const both = [
      async () => raw.push(await timeOf(() => uniquesByDay(db, null))),
      async () => ours.push(await timeOf(() => uniquesByDay(db, ledger))),
    ]
    for (const work of round % 2 === 0 ? both : both.toReversed()) await work()
  }
  reportTime({ name, oursMs: median(ours), rawMs: median(raw), rawName: 'the plain table', goal })
}

/** What a query has to wait for when it comes right after an import of new events. */
const measureLooks = async (engine: BareEngine, store: LedgerStore, ledger: Ledger): Promise<void> => {
  const times: number[] = []
  for (let round = 0; round < importCount; round += 1) {
    await engine.run(
      `INSERT INTO event (project_id, event, time, distinct_id, insert_id, properties)
       SELECT ${project.id}, 'Page view', now64(3) - number % 60000, concat('user-', toString(number * 37)),
         concat('late-${round}-', toString(number)), map('plan', '"pro"') FROM numbers(${eventsPerImport})`,
    )
    times.push(await timeOf(() => ledger.catchUp(scope)))
  }
  reportBound(`look at ${eventsPerImport} new events`, median(times), 'ms', 100)
  const idle: number[] = []
  for (let round = 0; round < importCount; round += 1) idle.push(await timeOf(() => ledger.catchUp(scope)))
  reportBound('look when nothing is new', median(idle), 'ms', 20)
  note(`${(await store.state()).pendingCount} events not looked at`)
}

/** Sends events of all over the history a second time. */
const sendAgain = (engine: BareEngine, count: number): Promise<string> =>
  engine.run(
    `INSERT INTO event (project_id, event, time, distinct_id, insert_id, properties)
     SELECT project_id, event, time, distinct_id, insert_id, properties FROM event
     WHERE project_id = ${project.id} ORDER BY cityHash64(insert_id) LIMIT ${count}`,
  )
