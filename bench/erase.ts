import type { Lethe } from '../server/test/support/lethe.ts'
import type { BenchOptions } from './run.ts'
import { type BareEngine, openBareEngine } from './support/bare-engine.ts'
import { asAccount, project, startBenchServer } from './support/bench-server.ts'
import { cpuMsOf } from './support/cpu-time.ts'
import { deleteBare, fillProject, removeRetired } from './support/fill-project.ts'
import { askFor, durationsOf, waitFor } from './support/privacy-client.ts'
import { median, note, reportBound, reportTime } from './support/report.ts'

const repeatCount = 3
const crowdSize = 2_000

/** People of a full project: hidden, erased and retrieved; each against what the engine alone would take. */
export const runEraseBench = async ({ eventCount }: BenchOptions): Promise<void> => {
  const lethe = await startBenchServer()
  const engine = await openBareEngine(lethe.dataDir)
  try {
    const startedAtMs = performance.now()
    const { personCount } = await fillProject(engine, eventCount)
    note(
      `${eventCount} events of ${personCount} people made in ${((performance.now() - startedAtMs) / 1_000).toFixed(0)} s`,
    )
    // Another person for each measure, all over the table.
    let nextPerson = 0
    const person = () => `user-${(nextPerson++ * 7_919) % personCount}`
    await measureRetrieval(lethe, engine, person, eventCount)
    await measureHiding(lethe, engine, person())
    await measureErasure(lethe, engine, 'erase 1 person', () => [person()])
    await measureErasure(lethe, engine, `erase ${crowdSize} people`, () => Array.from({ length: crowdSize }, person))
  } finally {
    engine.close()
    await lethe.stop()
  }
}

/** Rows that the engine has read since it started; nobody else asks it anything. */
const rowsRead = async (engine: BareEngine): Promise<number> =>
  Number(await engine.run(`SELECT value FROM system.events WHERE event = 'SelectedRows'`))

const measureRetrieval = async (lethe: Lethe, engine: BareEngine, person: () => string, eventCount: number) => {
  const times: number[] = []
  const shares: number[] = []
  for (let round = 0; round < repeatCount; round += 1) {
    const readBefore = await rowsRead(engine)
    const startedAtMs = performance.now()
    await waitFor(lethe, await askFor(lethe, 'data-retrievals', [person()]), ['SUCCESS'])
    times.push(performance.now() - startedAtMs)
    shares.push(((await rowsRead(engine)) - readBefore) / eventCount)
  }
  reportBound('retrieve 1 person', median(times) / 1_000, 's', 1)
  reportBound('retrieve 1 person, rows read', median(shares) * 100, '% of the events', 2)
}

/** From the last answer that was not yet STARTED to the start of the first export without the person. */
const measureHiding = async (lethe: Lethe, engine: BareEngine, person: string): Promise<void> => {
  const [seen] = await engine.rows<{ day: string; event: string }>(
    `SELECT toDate(time) AS day, event FROM event WHERE project_id = ${project.id} AND distinct_id = '${person}' LIMIT 1`,
  )
  if (seen === undefined) throw new Error('the person has no events')
  const path =
    `/api/2.0/export?project_id=${project.id}&from_date=${seen.day}&to_date=${seen.day}` +
    `&event=${encodeURIComponent(JSON.stringify([seen.event]))}`
  const isShown = async (): Promise<boolean> => {
    const answer = await lethe.get(path, { headers: asAccount })
    if (answer.status !== 200) throw new Error(`export answered ${answer.status}: ${answer.text}`)
    return answer.text.includes(`"distinct_id":"${person}"`)
  }
  if (!(await isShown())) throw new Error('the export does not show the person before the erasure')

  const asked = await askFor(lethe, 'data-deletions', [person])
  const notYetAtMs = await waitFor(lethe, asked, ['STARTED', 'SUCCESS'])
  let readAtMs = performance.now()
  let shownCount = 0
  while (await isShown()) {
    shownCount += 1
    readAtMs = performance.now()
  }
  reportBound('hidden after STARTED', readAtMs - notYetAtMs, 'ms', 100)
  note(
    `${shownCount} exports showed the person after STARTED; the first without took ${(performance.now() - readAtMs).toFixed(0)} ms`,
  )
  await waitFor(lethe, asked, ['SUCCESS'])
}

/** From the request to SUCCESS against bare mutations of the same people in equal tables, turn by turn. */
const measureErasure = async (
  lethe: Lethe,
  engine: BareEngine,
  name: string,
  people: () => readonly string[],
): Promise<void> => {
  const ours: Spent[] = []
  const raw: Spent[] = []
  for (let round = 0; round < repeatCount; round += 1) {
    const ids = people()
    const bare = async () => raw.push(await measure(engine, () => deleteBare(engine, ids)))
    const erase = async () => {
      const started = performance.now()
      let trackingId = ''
      ours.push(
        await measure(engine, async () => {
          const asked = await askFor(lethe, 'data-deletions', ids)
          trackingId = asked.trackingId
          await waitFor(lethe, asked, ['SUCCESS'])
        }),
      )
      note(`${(performance.now() - started).toFixed(0)} ms: ${await durationsOf(lethe, trackingId)}`)
    }
    // Who goes first has the disk to himself: each does in turn.
    for (const work of round % 2 === 0 ? [bare, erase] : [erase, bare]) await work()
  }
  const of = (key: keyof Spent, side: readonly Spent[]) => median(side.map((spent) => spent[key]))
  const figures = { oursMs: of('wallMs', ours), rawMs: of('wallMs', raw) }
  reportTime({ name, ...figures, rawName: 'bare mutations', goal: 2 })
  note(`processor time of the engine: ${of('cpuMs', ours).toFixed(0)} ms against ${of('cpuMs', raw).toFixed(0)}`)
}

interface Spent {
  readonly wallMs: number
  /** Says more than the clock when others use the machine. */
  readonly cpuMs: number
}

const measure = async (engine: BareEngine, work: () => Promise<unknown>): Promise<Spent> => {
  await removeRetired(engine)
  const cpuBefore = await cpuMsOf(engine.pid)
  const startedAtMs = performance.now()
  await work()
  return { wallMs: performance.now() - startedAtMs, cpuMs: (await cpuMsOf(engine.pid)) - cpuBefore }
}
