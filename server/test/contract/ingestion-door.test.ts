import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { basic, type Lethe, startLethe } from '../support/lethe.ts'
import { exportEvents, type PrivacyOfficer, privacyOfficer } from '../support/privacy-officer.ts'
import { adminAccount, eu, us } from '../support/provision.ts'

// What a server lets in: how much, of whom, and where it sends the sender on to. Small numbers instead of large ones.
let lethe: Lethe
let officer: PrivacyOfficer
beforeAll(async () => {
  lethe = await startLethe({
    env: {
      LETHE_INGEST_RATE_EVENTS: '40',
      LETHE_HOT_ID_EVENTS: '3',
      LETHE_REDIRECT_ORIGINS: 'https://shop.test,http://other.test:8080',
      LETHE_GDPR_GRACE_SECONDS: '0',
      LETHE_GDPR_RATE_PER_SECOND: '1000000',
      LETHE_GDPR_STATUS_RATE_PER_SECOND: '10000',
    },
  })
  officer = privacyOfficer(lethe, us)
})
afterAll(() => lethe?.stop())

const admin = basic(adminAccount.username, adminAccount.secret)
const nowSeconds = () => Math.floor(Date.now() / 1_000)
let insertIdCount = 0
const anEvent = (event: string, distinctId: string, token: string = us.token) => {
  insertIdCount += 1
  const properties = {
    token,
    distinct_id: distinctId,
    time: nowSeconds(),
    $insert_id: `i-${insertIdCount}`,
    plan: 'free',
  }
  return { event, properties }
}

describe('an id with more events than anybody makes (IDM-10)', () => {
  const mine = async () => (await exportEvents(lethe, us)).filter(({ properties }) => properties['plan'] === 'free')

  it('gives them to nobody from then on, says once that it does, and answers as ever', async () => {
    for (let count = 0; count < 6; count += 1) {
      expect((await lethe.post('/track', { body: [anEvent('Bought', 'bot')] })).text).toBe('1')
    }
    await lethe.post('/track', { body: [anEvent('Bought', 'ada')] })
    const events = await mine()
    expect(events.map(({ event, properties }) => [event, properties['distinct_id']]).sort()).toEqual([
      ['$hotshard_events', ''],
      ['$hotshard_events', ''],
      ['$hotshard_events', ''],
      ['Bought', 'ada'],
      ['Bought', 'bot'],
      ['Bought', 'bot'],
      ['Bought', 'bot'],
    ])
    const hot = events.find(({ event }) => event === '$hotshard_events')
    expect(hot?.properties).toMatchObject({
      mp_original_event_name: 'Bought',
      mp_original_distinct_id: 'bot',
      $insert_id: expect.stringMatching(/^i-/),
    })
    const records = (await exportEvents(lethe, us)).filter(({ event }) => event === '$hotshard_record')
    expect(records.map(({ properties }) => properties)).toEqual([
      expect.objectContaining({ distinct_id: '', hotshard_distinct_id: 'bot', time: expect.any(Number) }),
    ])
    expect(Number(records[0]?.properties['time']) % 86_400).toBe(0)
  })

  it('is handed over and forgotten with all of them all the same', async () => {
    const { events } = await officer.retrieve('bot')
    expect(events.map(({ event }) => event).sort()).toEqual([
      '$hotshard_events',
      '$hotshard_events',
      '$hotshard_events',
      '$hotshard_record',
      'Bought',
      'Bought',
      'Bought',
    ])
    expect(await officer.erase('bot')).toMatchObject({ status: 'SUCCESS' })
    expect(JSON.stringify(await exportEvents(lethe, us))).not.toContain('bot')
    expect((await mine()).map(({ event }) => event)).toEqual(['Bought'])
  })
})

describe('redirect (ING-04)', () => {
  const query = (target: string, more = '') =>
    `/track?data=${encodeURIComponent(JSON.stringify(anEvent('Clicked', `r${insertIdCount}`, eu.token)))}` +
    `&redirect=${encodeURIComponent(target)}${more}`

  it('leads, once the event is stored, to an origin that is allowed, whatever else was asked for', async () => {
    for (const more of ['', '&img=1', '&verbose=1&callback=cb']) {
      const answer = await lethe.get(query('https://shop.test/thanks?a=b#c', more))
      expect([answer.status, answer.headers['location'], answer.text]).toEqual([
        302,
        'https://shop.test/thanks?a=b#c',
        '',
      ])
    }
    expect((await exportEvents(lethe, eu)).map(({ event }) => event)).toEqual(['Clicked', 'Clicked', 'Clicked'])
  })

  it.each([
    'https://evil.test/',
    'http://shop.test/',
    'https://shop.test:8443/',
    'https://shop.test.evil.test/',
    'https://shop.test@evil.test/',
    'http://other.test/',
    '//shop.test/',
    '/thanks',
    'javascript:alert(1)',
    'shop.test',
  ])('leads nowhere for %s', async (target) => {
    const answer = await lethe.get(query(target))
    expect([answer.status, answer.headers['location'], answer.text]).toEqual([200, undefined, '1'])
  })
})

describe('the rate of a project (ING-26)', () => {
  const refused = {
    code: 429,
    error: 'Project exceeded rate limits. Please retry the request with exponential backoff.',
    status: 'Too Many Requests',
  }
  const update = (token: string) => ({ $token: token, $distinct_id: 'ada', $set: { a: 1 } })
  const group = (token: string) => ({ $token: token, $group_key: 'company', $group_id: 'acme', $set: { a: 1 } })
  const sends = (token: string, projectId: number) =>
    ({
      '/track': () => lethe.post('/track', { body: [anEvent('Late', 'ada', token)] }),
      '/engage': () => lethe.post('/engage', { body: [update(token)] }),
      '/groups': () => lethe.post('/groups', { body: [group(token)] }),
      '/import': () =>
        lethe.post(`/import?strict=1&project_id=${projectId}`, { headers: admin, body: [anEvent('Late', 'ada')] }),
    }) as const

  it('counts what is refused as well, and serves the request that fills the minute', async () => {
    const bad = Array.from({ length: 50 }, () => ({ event: '', properties: {} }))
    const full = await lethe.post(`/import?strict=1&project_id=${us.id}`, { headers: admin, body: bad })
    expect([full.status, full.json().failed_records.length]).toEqual([400, 50])
  })

  it.each(['/track', '/engage', '/groups', '/import'] as const)(
    'is said at %s, and nothing is stored',
    async (path) => {
      const answer = await sends(us.token, us.id)[path]()
      expect([answer.status, answer.json()]).toEqual([429, refused])
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
      expect(Number(answer.headers['retry-after'])).toBeLessThanOrEqual(61)
      expect((await exportEvents(lethe, us)).map(({ event }) => event)).not.toContain('Late')
    },
  )

  it('is each project’s own; a batch that names one that is over it is stored for none', async () => {
    expect((await sends(eu.token, eu.id)['/track']()).text).toBe('1')
    const both = await lethe.post('/track', { body: [anEvent('Both', 'a', eu.token), anEvent('Both', 'a')] })
    expect(both.status).toBe(429)
    expect((await exportEvents(lethe, eu)).map(({ event }) => event)).not.toContain('Both')
  })
})
