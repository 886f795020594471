import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Lethe, startLethe } from '../support/lethe.ts'
import { eu, us } from '../support/provision.ts'
import { stall } from '../support/wait-for.ts'
import { anEvent, countById, enginePid, exportedEvents, importEvents, insist, memoryOf } from './fault-rig.ts'

const timeoutSeconds = 2
const queueBytes = 4 * 1_024 * 1_024

const idsOf = (events: readonly { readonly properties: { readonly $insert_id: string } }[]) =>
  events.map(({ properties }) => properties.$insert_id)
const batchOf = (count: number) => Array.from({ length: count }, () => anEvent('somebody', { pad: 'x'.repeat(250) }))

interface Timed {
  readonly status: number
  readonly text: string
  readonly retryAfter: unknown
  readonly seconds: number
}

const timed = async (work: () => ReturnType<Lethe['post']>): Promise<Timed> => {
  const startedAtMs = performance.now()
  const { status, text, headers } = await work()
  return { status, text, retryAfter: headers['retry-after'], seconds: (performance.now() - startedAtMs) / 1_000 }
}

// SIGSTOP: connections stay open, nothing is answered. The worst a store can do to those who wait for it.
describe('an engine that stands still', () => {
  let lethe: Lethe
  let engine = 0
  const acknowledged: string[] = []
  const answers: Timed[] = []

  beforeAll(async () => {
    const env = { LETHE_INGEST_TIMEOUT_SECONDS: String(timeoutSeconds), LETHE_INGEST_QUEUE_BYTES: String(queueBytes) }
    lethe = await startLethe({ env })
    engine = await enginePid(lethe, 'us')
    const before = batchOf(100)
    expect((await importEvents(lethe, before)).status).toBe(200)
    acknowledged.push(...idsOf(before))
    await stall(engine)
  })
  afterAll(async () => {
    if (engine > 0) process.kill(engine, 'SIGCONT')
    await lethe?.stop()
  })

  it('answers 503 within the time-out to everybody, those who wait behind others as well', async () => {
    const waiting = Array.from({ length: 12 }, (_, at) => timed(() => importEvents(lethe, batchOf(50 + at))))
    answers.push(...(await Promise.all(waiting)))
    for (const { status, text, retryAfter, seconds } of answers) {
      expect(status).toBe(503)
      expect(JSON.parse(text)).toEqual({ code: 503, error: expect.any(String), status: 'Service Unavailable' })
      expect(retryAfter).toBe('1')
      expect(seconds).toBeLessThan(2 * timeoutSeconds)
    }
  })

  it('does the same for /track and /engage', async () => {
    const track = () => lethe.post('/track', { body: [anEvent('somebody')] })
    const engage = () => lethe.post('/engage', { body: [{ $token: us.token, $distinct_id: 'a', $set: { a: 1 } }] })
    for (const answer of await Promise.all([timed(track), timed(engage), timed(engage)])) {
      expect(answer.status).toBe(503)
      expect(answer.seconds).toBeLessThan(2 * timeoutSeconds)
    }
  })

  it('refuses at once when the queue is full, so that memory stays bounded', async () => {
    const bytesBefore = memoryOf(lethe.pid).bytes
    const large = batchOf(2_000)
    const flood = await Promise.all(Array.from({ length: 40 }, () => timed(() => importEvents(lethe, large))))
    expect(flood.map(({ status }) => status)).toEqual(flood.map(() => 503))
    const overloaded = flood.filter(({ text }) => text.includes('too much is waiting'))
    // Each batch takes about a megabyte of rows: all but a few are refused, and do not wait for the engine.
    expect(overloaded.length).toBeGreaterThan(30)
    expect(memoryOf(lethe.pid).bytes - bytesBefore).toBeLessThan(300 * 1_024 * 1_024)
  })

  it('goes on serving what does not need that engine', async () => {
    expect((await lethe.get('/healthz')).status).toBe(200)
    const ready = await lethe.get('/readyz')
    expect(ready.status).toBe(503)
    expect(ready.json().stores).toMatchObject({ 'US engine': 'unavailable', 'EU engine': 'ok', control: 'ok' })
    const body = [{ event: 'Bought', properties: { token: eu.token, distinct_id: 'b' } }]
    const elsewhere = await timed(() => lethe.post('/track', { body }))
    expect(elsewhere.text).toBe('1')
    expect(elsewhere.seconds).toBeLessThan(timeoutSeconds)
  })

  it('takes events again once the engine goes on, and has lost nothing that was acknowledged', async () => {
    process.kill(engine, 'SIGCONT')
    const after = batchOf(100)
    await insist('storing again', async () => (await importEvents(lethe, after)).status === 200)
    acknowledged.push(...idsOf(after))
    expect((await lethe.get('/readyz')).status).toBe(200)
    const counts = countById(await exportedEvents(lethe))
    expect(acknowledged.filter((id) => !counts.has(id))).toEqual([])
    expect(await enginePid(lethe, 'us')).toBe(engine)
  })
})
