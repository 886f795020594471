import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { asAccount, memoryOf } from '../fault/fault-rig.ts'
import { type Lethe, startLethe } from '../support/lethe.ts'
import { us } from '../support/provision.ts'

export const memoryBytesMax = 600 * 1_024 * 1_024
export const mebibyte = 1_024 * 1_024
export const newId = randomUUID
export const nowSeconds = () => Math.floor(Date.now() / 1_000)

export const importPath = `/import?strict=1&project_id=${us.id}`
export const json = { 'Content-Type': 'application/json' }
export const ndjson = { ...asAccount, 'Content-Type': 'application/x-ndjson' }
export const tooLarge = { code: 413, error: expect.any(String), status: 'Request Entity Too Large' }
export const unreadable = { code: 400, error: expect.any(String), status: 'Bad Request' }

/**
 * A server for a file of bad input. After each test it is up and within its memory; in the end (`checkAfterwards`,
 * called last) every good event is stored and no log holds `mark`, which is in every value that is sent.
 */
export const openBadInputServer = () => {
  const mark = `mark${randomUUID().replaceAll('-', '')}`
  const good = new Set<string>()
  let running: Lethe | undefined
  const lethe = (): Lethe => {
    if (running === undefined) throw new Error('the server is not started')
    return running
  }

  beforeAll(async () => {
    const rates = { LETHE_GDPR_RATE_PER_SECOND: '1000000', LETHE_GDPR_STATUS_RATE_PER_SECOND: '10000' }
    running = await startLethe({ env: { ...rates, LETHE_LOG_LEVEL: 'debug' } })
  })
  afterEach(async () => {
    expect((await lethe().get('/healthz')).status).toBe(200)
    expect(memoryOf(lethe().pid).peakBytes).toBeLessThan(memoryBytesMax)
  })
  afterAll(async () => {
    await running?.stop()
  })

  const goodEvent = () => {
    const id = newId()
    good.add(id)
    const properties = { token: us.token, time: nowSeconds(), distinct_id: mark, $insert_id: id }
    return { event: 'Good', properties }
  }

  const exportText = async (): Promise<string> => {
    const day = (ago: number) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10)
    const path = `/api/2.0/export?project_id=${us.id}&from_date=${day(1)}&to_date=${day(0)}`
    const answer = await lethe().get(path, { headers: asAccount })
    expect(answer.status).toBe(200)
    return answer.text
  }

  /** The exported line of an event, as text: parsing would hide what happened to numbers. */
  const lineOf = async (id: string): Promise<string> =>
    (await exportText()).split('\n').find((line) => line.includes(`"${id}"`)) ?? ''

  const checkAfterwards = () =>
    describe('afterwards', () => {
      it('has stored every good record, whatever came beside it', async () => {
        const text = await exportText()
        expect(good.size).toBeGreaterThan(5)
        expect([...good].filter((id) => !text.includes(id))).toEqual([])
      })

      it('has logged nothing that was sent, and no fault of ours', () => {
        expect(lethe().logs()).toContain('"msg":"answered"')
        expect(lethe().logs()).not.toContain(mark)
        expect(lethe().logs()).not.toContain('"code":"INTERNAL"')
        expect(lethe().logs()).not.toContain('"status":500')
      })
    })

  return { lethe, mark, goodEvent, exportText, lineOf, checkAfterwards }
}
