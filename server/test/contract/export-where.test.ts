import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, basic, type Lethe, startLethe } from '../support/lethe.ts'
import { adminAccount, eu, us } from '../support/provision.ts'
import { waitFor } from '../support/wait-for.ts'

// EXP-01 `where`, EXP-05 (export §1, §4, §9).

const account = basic(adminAccount.username, adminAccount.secret)
const noonMs = Date.parse('2026-02-03T12:00:00Z')
const day = '2026-02-03'

describe('where of a raw export', () => {
  let lethe: Lethe
  beforeAll(async () => {
    lethe = await startLethe()
    const event = (n: number, properties: object = {}) => ({
      event: n % 2 === 0 ? 'A' : 'B',
      properties: { time: noonMs + n * 1_000, distinct_id: `u${n}`, $insert_id: `i${n}`, n, ...properties },
    })
    const body = [event(0), event(1), event(2, { plan: 'pro' }), event(3, { plan: 'pro' }), event(4, { plan: 'free' })]
    for (const project of [us, eu]) {
      const answer = await lethe.post(`/import?strict=1&project_id=${project.id}`, { headers: account, body })
      expect(answer.status).toBe(200)
    }
    const profile = [{ $token: us.token, $distinct_id: 'u2', $set: { city: 'Oslo' } }]
    expect((await lethe.post('/engage', { body: profile })).text).toBe('1')
  })
  afterAll(() => lethe?.stop())

  const numbers = async (where: string, more = '', project: { readonly id: number } = us): Promise<number[]> => {
    const path = `/api/2.0/export?project_id=${project.id}&from_date=${day}&to_date=${day}${more}`
    const answer = await lethe.get(`${path}&where=${encodeURIComponent(where)}`, { headers: account })
    expect([answer.status, answer.text]).toEqual([200, answer.text])
    return answer.text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line).properties.n]))
  }

  it.each([
    ['properties["plan"] == "pro"', [2, 3]],
    ['properties["n"] >= 1 and properties["n"] < 3', [1, 2]],
    ['not defined(properties["plan"])', [0, 1]],
    ['user["city"] == "Oslo"', [2]],
    ['properties["$time"] >= datetime("2026-02-03T12:00:03")', [3, 4]],
    [
      `properties["$time"]>=datetime(${noonMs / 1_000}) and properties["$time"]<datetime(${noonMs / 1_000 + 2})`,
      [0, 1],
    ],
    ['event["$time"] > datetime("2026-02-04T00:00:00")', []],
    ['properties["$distinct_id"] in ["u0", "u4"]', [0, 4]],
  ])('%s', async (where, expected) => {
    expect(await numbers(where)).toEqual(expected)
  })

  it('goes with names, limit and POST, and reads its own project only', async () => {
    expect(await numbers('properties["n"]>0', '&event=["A"]')).toEqual([2, 4])
    expect(await numbers('properties["n"]>0', '&limit=2')).toEqual([1, 2])
    expect(await numbers('user["city"] == "Oslo"', '', eu)).toEqual([])
    const body = `from_date=${day}&to_date=${day}&where=${encodeURIComponent('properties["n"]==4')}`
    const posted = await lethe.post(`/api/2.0/export?project_id=${us.id}`, { headers: account, body })
    expect(JSON.parse(posted.text).properties.n).toBe(4)
  })

  it('is refused before the first line, and says where it is wrong', async () => {
    const path = `/api/2.0/export?project_id=${us.id}&from_date=${day}&to_date=${day}&where=`
    for (const where of ['properties["n"', 'properties["n"] ==', 'nonsense(1)', '1; DROP TABLE event']) {
      const answer = await lethe.get(`${path}${encodeURIComponent(where)}`, { headers: account })
      expect([where, answer.status]).toEqual([where, 400])
      expect(answer.json()).toMatchObject({ status: 'error', error: expect.stringMatching(/column \d+/) })
    }
    expect(await numbers('properties["n"] > -1')).toHaveLength(5)
  })
})

describe('limits of raw export', () => {
  let lethe: Lethe
  beforeAll(async () => {
    lethe = await startLethe({
      env: { LETHE_EXPORT_PER_SECOND: '3', LETHE_EXPORT_PER_HOUR: '9', LETHE_EXPORT_CONCURRENT: '4' },
    })
  })
  afterAll(() => lethe?.stop())

  const path = (project: { readonly id: number }) =>
    `/api/2.0/export?project_id=${project.id}&from_date=${day}&to_date=${day}`
  const ask = async (project: { readonly id: number } = us) => lethe.get(path(project), { headers: account })

  it('are three a second, then so many an hour, for each project by itself', async () => {
    const answers = await Promise.all([ask(), ask(), ask(), ask()])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 429])
    const refused = answers.find(({ status }) => status === 429) as Answer
    expect(refused.json()).toEqual({ error: 'Export rate limit exceeded', status: 'error', request: path(us) })
    expect([1, 2]).toContain(Number(refused.headers['retry-after']))
    expect((await ask(eu)).status).toBe(200)
    const counted = await waitFor('the hour to be full', async () => {
      const answer = await ask()
      return answer.status === 429 && Number(answer.headers['retry-after']) > 60 ? answer : null
    })
    expect(Number(counted.headers['retry-after'])).toBeLessThanOrEqual(3_660)
  })

  it('are so many at once, until each is sent or its client is gone', async () => {
    // Longer values are cut off on the way in.
    const texts = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`p${at}`, 'x'.repeat(250)]))
    const event = (id: string) => ({
      event: 'Large',
      properties: { time: noonMs / 1_000, distinct_id: 'u', $insert_id: id, ...texts },
    })
    for (const round of [0, 1, 2]) {
      const body = Array.from({ length: 1_800 }, (_, at) => event(`${round}-${at}`))
      const answer = await lethe.post(`/import?strict=1&project_id=${eu.id}`, { headers: account, body })
      expect(answer.status).toBe(200)
    }
    // Nobody reads them: more than sockets hold is left unsent.
    const slow = [1, 2, 3, 4].map(() =>
      httpRequest({ host: '127.0.0.1', port: lethe.port, path: path(eu), headers: account, agent: false }),
    )
    for (const one of slow) {
      // No more than three a second.
      await delay(400)
      const begun = once(one, 'response')
      one.end()
      expect((await begun)[0].statusCode).toBe(200)
    }
    expect((await ask(eu)).status).toBe(429)
    for (const one of slow) one.destroy()
    await waitFor('the slot to be free', async () => ((await ask(eu)).status === 200 ? true : null))
  })
})
