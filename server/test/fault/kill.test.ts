import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Lethe, newDataDir, startLethe } from '../support/lethe.ts'
import { us } from '../support/provision.ts'
import { scanFolder } from '../support/raw-scan.ts'
import { decodeZip } from '../support/raw-scan-frames.ts'
import { waitFor } from '../support/wait-for.ts'
import {
  anEvent,
  asAccount,
  askFor,
  childrenOf,
  countById,
  enginePid,
  expectAnswer,
  exportedEvents,
  failureOf,
  fastPrivacy,
  importEvents,
  insist,
  postgresPid,
  randomOf,
  type SentEvent,
  statusOf,
  type Task,
  type TaskKind,
} from './fault-rig.ts'

const seed = Number(process.env['LETHE_FAULT_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
const random = randomOf(seed)

type Victim = 'server' | 'server while it starts' | 'engine' | 'postgres'
const rounds: readonly Victim[] = [
  ...Array<Victim>(7).fill('server'),
  ...Array<Victim>(2).fill('server while it starts'),
  ...Array<Victim>(7).fill('engine'),
  ...Array<Victim>(4).fill('postgres'),
]
const inSomeOrder = rounds
  .map((victim) => ({ victim, at: random() }))
  .sort((a, b) => a.at - b.at)
  .map(({ victim }) => victim)

// Long enough for inserts, mutations and archives to be under way; every stage of a task is hit in some round.
const killAfterMsMax = 1_500
const writerCount = 3
const eventsPerRequest = 20

/** What clients were promised, which is all that may be counted on afterwards. */
const acknowledged = new Set<string>()
/** Sent once and answered 200: nobody sent these a second time. */
const sentOnce = new Set<string>()
const everSent = new Set<string>()
const tasks: Task[] = []
const erasedIds: string[] = []
const keptById = new Map<string, ReadonlySet<string>>()
const retrievals: { readonly task: Task; readonly insertIds: ReadonlySet<string> }[] = []

let dataDir = ''
let lethe: Lethe

const start = () => startLethe({ dataDir, env: fastPrivacy })
const idOf = ({ properties }: SentEvent) => properties.$insert_id
const batchFor = (distinctId: string, count: number): readonly SentEvent[] =>
  Array.from({ length: count }, (_, at) => anEvent(distinctId, { at, pad: 'x'.repeat(200) }))

/** Sends until told to stop. Every second writer sends again what was not acknowledged, as good clients do. */
const write = async (round: number, writer: number, stop: AbortSignal): Promise<void> => {
  const sendsAgain = writer % 2 === 1
  while (!stop.aborted) {
    const events = batchFor(`kept ${round}/${writer}`, eventsPerRequest)
    for (const event of events) everSent.add(idOf(event))
    let attempts = 0
    let isStored = false
    do {
      attempts += 1
      isStored = await importEvents(lethe, events).then(
        ({ status }) => status === 200,
        () => false,
      )
      if (!isStored) await delay(20)
    } while (!isStored && sendsAgain && !stop.aborted)
    if (!isStored) continue
    for (const event of events) acknowledged.add(idOf(event))
    if (attempts === 1) for (const event of events) sentOnce.add(idOf(event))
  }
}

/** A person whose events are stored for certain. */
const storePerson = async (distinctId: string): Promise<ReadonlySet<string>> => {
  const events = batchFor(distinctId, 30)
  for (const event of events) everSent.add(idOf(event))
  await insist('storing a person', async () => {
    const answer = await importEvents(lethe, events)
    return expectAnswer(answer, answer.status === 200)
  })
  const update = [{ $token: us.token, $distinct_id: distinctId, $set: { note: distinctId } }]
  await insist('storing a profile', async () => {
    const answer = await lethe.post('/engage', { body: update })
    return expectAnswer(answer, answer.text === '1')
  })
  return new Set(events.map(idOf))
}

const ask = async (kind: TaskKind, id: string): Promise<Task> => {
  const task = await insist(`asking for ${kind}`, () => askFor(lethe, kind, [id]))
  tasks.push(task)
  return task
}

const kill = async (victim: Victim): Promise<void> => {
  switch (victim) {
    case 'engine':
      process.kill(await enginePid(lethe, 'us'), 'SIGKILL')
      return
    case 'postgres':
      process.kill(await postgresPid(lethe), 'SIGKILL')
      return
    case 'server':
      await lethe.kill9()
      lethe = await start()
      return
    case 'server while it starts': {
      await lethe.kill9()
      const starting = start().then(
        (started) => started,
        () => null,
      )
      const pid = await waitFor('new server', () => childrenOf(process.pid).find(isServer)?.pid)
      await delay(random() * 2_000)
      process.kill(pid, 'SIGKILL')
      // It was ready before it died, or never.
      await starting
      lethe = await start()
    }
  }
}

const isServer = ({ commandLine }: { readonly commandLine: string }) => commandLine.includes('src/main.ts')

const isAllThere = async (): Promise<boolean> => {
  const answer = await lethe.get('/readyz')
  return expectAnswer(answer, answer.status === 200)
}

const runRound = async (round: number, victim: Victim): Promise<void> => {
  const [gone, kept] = [`gone ${seed}/${round}`, `asked ${seed}/${round}`]
  await storePerson(gone)
  keptById.set(kept, await storePerson(kept))
  const stop = new AbortController()
  const writers = Array.from({ length: writerCount }, (_, writer) => write(round, writer, stop.signal))
  try {
    const asking = Promise.all([ask('data-deletions', gone), ask('data-retrievals', kept)])
    await delay(random() * killAfterMsMax)
    await kill(victim)
    const [, retrieval] = await asking
    erasedIds.push(gone)
    retrievals.push({ task: retrieval, insertIds: keptById.get(kept) as ReadonlySet<string> })
    await insist('ready again', isAllThere)
  } finally {
    stop.abort()
    await Promise.all(writers)
  }
}

describe(`kill -9 at random moments under load (LETHE_FAULT_SEED=${seed})`, () => {
  beforeAll(async () => {
    dataDir = await newDataDir()
    lethe = await start()
  })
  afterAll(async () => {
    await lethe?.stop()
    await rm(dataDir, { recursive: true, force: true })
  })

  it.each(inSomeOrder.map((victim, round) => [round + 1, victim] as const))(
    'round %i: %s; everything is ready again',
    async (round, victim) => runRound(round, victim),
    120_000,
  )

  it('ends every privacy request with SUCCESS', async () => {
    expect(tasks.length).toBeGreaterThanOrEqual(2 * rounds.length)
    for (const task of tasks) {
      const last = await insist('a final state', async () => {
        const { status } = await statusOf(lethe, task)
        if (status === 'SUCCESS' || status === 'FAILURE') return status
        throw new Error(`${task.kind} is ${status}`)
      })
      const why = last === 'SUCCESS' ? '' : await failureOf(lethe, task)
      expect(last, `${task.kind} ${task.trackingId} ${why}`).toBe('SUCCESS')
    }
  }, 120_000)

  it('exports every acknowledged event once, and nobody who was erased', async () => {
    const events = await exportedEvents(lethe)
    const counts = countById(events)
    const lost = [...acknowledged].filter((id) => !counts.has(id))
    const doubled = [...sentOnce].filter((id) => counts.get(id) !== 1)
    expect(acknowledged.size).toBeGreaterThan(rounds.length * eventsPerRequest)
    expect(lost).toEqual([])
    expect(doubled).toEqual([])
    expect([...counts.keys()].filter((id) => !everSent.has(id))).toEqual([])
    for (const ids of keptById.values()) for (const id of ids) expect(counts.has(id)).toBe(true)
    const people = new Set(events.map(({ properties }) => properties.distinct_id))
    expect(erasedIds).toHaveLength(rounds.length)
    expect(erasedIds.filter((id) => people.has(id))).toEqual([])
  })

  it('handed out complete archives', async () => {
    for (const { task, insertIds } of retrievals) {
      const { result = '' } = await statusOf(lethe, task)
      const { pathname, search } = new URL(result)
      const archive = await lethe.get(`${pathname}${search}`, { headers: asAccount })
      expect(archive.status).toBe(200)
      const text = Buffer.concat([...decodeZip(archive.bytes)]).toString('utf8')
      expect([...insertIds].filter((id) => !text.includes(id))).toEqual([])
    }
  })

  it('left no byte of the erased on disk', async () => {
    await lethe.stop()
    const kept = [...keptById.keys()]
    const scan = await scanFolder(join(dataDir, 'us', 'clickhouse', 'data'), [...erasedIds, ...kept])
    expect(kept.filter((id) => !scan.found.has(id))).toEqual([])
    expect(erasedIds.filter((id) => scan.found.has(id))).toEqual([])
    expect((await scanFolder(join(dataDir, 'control'), [...erasedIds, ...kept])).found).toEqual(new Map())
  })
})
