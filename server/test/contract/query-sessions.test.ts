import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { basic, type Lethe, startLethe } from '../support/lethe.ts'
import { analystAccount, consumerAccount, us } from '../support/provision.ts'
import { account, askQuery, eventAt, importEvents } from '../support/query-project.ts'

// RPT-07 (reports §7, query §10).

let lethe: Lethe
beforeAll(async () => {
  lethe = await startLethe({ env: { LETHE_QUERY_PER_HOUR: '1000', LETHE_RETENTION_DAYS: '0' } })
  await importEvents(lethe, us.id, [
    eventAt('Open', '2026-03-02T10:00:00Z', 'anna'),
    eventAt('Look', '2026-03-02T10:05:00Z', 'anna', { visit: 'a' }),
    eventAt('Look', '2026-03-02T11:00:00Z', 'anna', { visit: '' }),
    eventAt('Close', '2026-03-02T11:10:00Z', 'anna'),
    eventAt('Look', '2026-03-02T11:20:00Z', 'anna', { visit: 'a' }),
    eventAt('Look', '2026-03-02T12:00:00Z', 'ben'),
  ])
})
afterAll(() => lethe?.stop())

const path = `/api/app/projects/${us.id}/session-settings`
const set = (body: object, headers = account) => lethe.send('PUT', path, { headers, body })
const read = async () => (await lethe.get(path, { headers: account })).json().results

const dates = { from_date: '2026-03-02', to_date: '2026-03-02' }
const ask = async (definition: object): Promise<Record<string, unknown>> => {
  const body = { name: `Report ${Math.random()}`, definition: { ...definition, dates } }
  const saved = await lethe.post(`/api/app/projects/${us.id}/bookmarks`, { headers: account, body })
  const answer = await askQuery(lethe, us.id, 'insights', { bookmark_id: saved.json().results.id })
  expect([answer.status, answer.text]).toEqual([200, answer.text])
  return answer.json().series
}
const sessionsWithALook = async () => {
  const series = await ask({ type: 'insights', metrics: [{ event: 'Look', math: 'sessions' }] })
  return Object.values(Object.values(series)[0] ?? {})[0]
}
const funnelOfSessions = async () => {
  const steps = [{ event: '$session_start' }, { event: 'Look' }]
  const series = await ask({
    type: 'funnels',
    funnel: { steps, counting: 'sessions', length: 1, length_unit: 'session' },
  })
  const [day] = Object.values(series) as { steps: { count: number }[] }[]
  return day?.steps.map(({ count }) => count)
}

describe('session settings', () => {
  it('are a gap of 30 minutes where nothing was set', async () => {
    expect(await read()).toEqual({ version: 0, updated_at: null, settings: { mode: 'timeout', timeout_minutes: 30 } })
    expect([await sessionsWithALook(), await funnelOfSessions()]).toEqual([3, [3, 3]])
  })

  it.each([
    [{ mode: 'timeout', timeout_minutes: 60 }, 2, [2, 2]],
    // A gap of just the timeout ends nothing; the session of Close has no Look.
    [{ mode: 'timeout', timeout_minutes: 5 }, 4, [5, 4]],
    // The last look comes after the end; ben never began.
    [{ mode: 'events', start_event: 'Open', end_event: 'Close' }, 1, [1, 1]],
    // One lies in the other; an empty text is a session, and no text is none.
    [{ mode: 'property', property: 'visit' }, 2, [2, 2]],
  ])('apply to what was stored before: %j', async (settings, sessions, steps) => {
    const { version } = await read()
    const answer = await set({ settings, version })
    expect([answer.status, answer.json()]).toEqual([
      200,
      { status: 'ok', results: { version: version + 1, updated_at: expect.any(String), settings } },
    ])
    expect(await read()).toEqual(answer.json().results)
    expect([await sessionsWithALook(), await funnelOfSessions()]).toEqual([sessions, steps])
  })

  it('are changed by one after the other, and written down', async () => {
    const settings = { mode: 'timeout', timeout_minutes: 1_440 }
    const before = await read()
    expect((await set({ settings, version: before.version - 1 })).status).toBe(409)
    const after = (await set({ settings })).json().results
    expect(after.version).toBe(before.version + 1)
    expect((await set({ settings })).json().results).toEqual(after)
    const log = await lethe.get(`/api/app/projects/${us.id}/audit-log?event_type=session_settings.updated`, {
      headers: account,
    })
    expect(log.json().results).toHaveLength(after.version)
    expect(JSON.stringify(log.json().results[0])).toContain('1440')
  })

  it('are set by admins, and read by members', async () => {
    const settings = { mode: 'timeout', timeout_minutes: 7 }
    for (const { username, secret } of [analystAccount, consumerAccount]) {
      expect((await set({ settings }, basic(username, secret))).status).toBe(403)
      expect((await lethe.get(path, { headers: basic(username, secret) })).status).toBe(200)
    }
    expect((await lethe.get(path)).status).toBe(401)
  })

  it.each([
    [{ mode: 'timeout', timeout_minutes: 0 }],
    [{ mode: 'timeout', timeout_minutes: 1_441 }],
    [{ mode: 'timeout', timeout_minutes: 1.5 }],
    [{ mode: 'timeout' }],
    [{ mode: 'events', start_event: 'Open' }],
    [{ mode: 'events', start_event: '$session_start', end_event: 'Close' }],
    [{ mode: 'events', start_event: '$custom_event:1', end_event: 'Close' }],
    [{ mode: 'property', property: '' }],
    [{ mode: 'tide' }],
  ])('are refused: %j', async (settings) => {
    const { version } = await read()
    const answer = await set({ settings })
    expect([answer.status, answer.json().status]).toEqual([400, 'error'])
    expect((await read()).version).toBe(version)
  })
})

describe('events of sessions', () => {
  const asked = async (name: string, values: Readonly<Record<string, string | number>>) => {
    const answer = await askQuery(lethe, us.id, name, { ...dates, ...values })
    expect([answer.status, answer.text]).toEqual([200, answer.text])
    return answer.json()
  }
  const countsBy = async (on: string, more: Readonly<Record<string, string>> = {}) => {
    const { data } = await asked('segmentation', { event: '$session_start', on, ...more })
    return Object.fromEntries(
      Object.entries(data.values as Record<string, object>).map(([key, days]) => [key, Object.values(days)[0]]),
    )
  }

  it('are there in every question, with what sessions say of themselves', async () => {
    expect((await set({ settings: { mode: 'timeout', timeout_minutes: 30 } })).status).toBe(200)
    expect(await countsBy('$event_count')).toEqual({ 1: 1, 2: 1, 3: 1 })
    expect(await countsBy('$duration_s')).toEqual({ 0: 1, 300: 1, 1200: 1 })
    expect(await countsBy('$origin_start')).toEqual({ Look: 2, Open: 1 })
    expect(await countsBy('$origin_end', { type: 'unique' })).toEqual({ Look: 2 })
    expect(await countsBy('$duration_s', { where: 'properties["$event_count"] > 1' })).toEqual({ 300: 1, 1200: 1 })
    const { data } = await asked('events', { event: '["$session_end","Look"]', type: 'general', unit: 'day' })
    expect(data.values).toEqual({ $session_end: { '2026-03-02': 3 }, Look: { '2026-03-02': 4 } })
    const long = { event: '$session_end', math: 'average', property: '$duration_s' }
    expect(
      Object.values(await ask({ type: 'insights', metrics: [long] })).map((days) => Object.values(days as object)),
    ).toEqual([[500]])
  })

  it('inherit what is asked for, and leave out what is', async () => {
    expect(await countsBy('visit')).toEqual({ undefined: 3 })
    const beside = { inherited_properties: ['visit'], excluded_events: ['Close'] }
    expect((await set({ settings: { mode: 'timeout', timeout_minutes: 30, ...beside } })).status).toBe(200)
    expect(await countsBy('visit')).toEqual({ '': 1, a: 1, undefined: 1 })
    expect(await countsBy('$event_count')).toEqual({ 1: 1, 2: 2 })
    expect(await countsBy('$origin_end')).toEqual({ Look: 3 })
    const five = { ...beside, inherited_properties: ['a', 'b', 'c', 'd', 'e'] }
    expect((await set({ settings: { mode: 'timeout', timeout_minutes: 30, ...five } })).status).toBe(400)
  })

  it('are steps of funnels, filtered and broken down', async () => {
    const steps = [
      { event: '$session_start', where: 'properties["$duration_s"] > 0' },
      { event: 'Look' },
      { event: '$session_end' },
    ]
    const series = await ask({
      type: 'funnels',
      funnel: { steps, length: 1 },
      breakdown: { property: '$origin_start' },
    })
    const [day] = Object.values(series) as Record<string, { count: number }[]>[]
    expect(
      Object.fromEntries(Object.entries(day ?? {}).map(([key, found]) => [key, found.map(({ count }) => count)])),
    ).toEqual({
      $overall: [1, 1, 1],
      Open: [1, 1, 1],
      Look: [1, 1, 1],
    })
  })

  it('do not stand beside any event', async () => {
    const asking = { born_event: '$session_start', ...dates }
    const answer = await askQuery(lethe, us.id, 'retention', asking)
    expect([answer.status, answer.json().error]).toEqual([400, '$session_start cannot stand beside any event'])
    expect((await askQuery(lethe, us.id, 'retention', { ...asking, event: 'Look' })).status).toBe(200)
  })
})
