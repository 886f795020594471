import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encode, type Recorded, type RecordedClient, recordedRequests, recordsOf } from '../fixtures/recorded.ts'
import { type Answer, type Lethe, startLethe } from '../support/lethe.ts'
import { exportEvents, type PrivacyOfficer, privacyOfficer, type StoredEvent } from '../support/privacy-officer.ts'
import { owner } from '../support/provision.ts'

// What real clients sent to a stub is sent to the server: same method, path, query, headers and encoding. Put in are
// only the token (ours has 32 characters), the secret, and the clock of what a browser said was now.
//
// Replayed elsewhere: /flags, /settings and /record by sdk.test.ts, /lookup-tables by lookup-tables.test.ts, profiles by
// the client itself (e2e/import-profile-export.test.ts).

const us = { id: 424_242, token: 'T'.repeat(32), secret: 'S'.repeat(32) }
const eu = { id: 424_243, token: 'U'.repeat(32), secret: 'V'.repeat(32) }
const provision = {
  organizations: [
    {
      id: 1,
      name: 'Recorded',
      users: [{ email: owner.email, password: owner.password, role: 'owner' }],
      projects: [
        { ...us, name: 'Shop', region: 'US' },
        { ...eu, name: 'Shop EU', region: 'EU' },
      ],
      service_accounts: [
        { username: 'sa.user', secret: 'sa-secret', projects: [us, eu].map(({ id }) => ({ id, role: 'admin' })) },
      ],
      gdpr_tokens: [{ user: owner.email, token: owner.gdprToken }],
    },
  ],
}

const clients: readonly RecordedClient[] = ['mixpanel-node-0.24.0', 'mixpanel-browser-2.83.0', 'mixpanel-import-3.1.43']
const recordings = clients.flatMap((client) => recordedRequests(client).map((recorded) => ({ client, recorded })))

// Clocks of the recordings, in seconds: 23 November 2026.
const browserTime = /("\$?time":)(17954\d{5})/g
const latestBrowserTimeSeconds = 1_795_453_200

const secretHeader = (secret: string) => `Basic ${Buffer.from(`${secret}:`).toString('base64')}`

const putIn = (recorded: Recorded, project = us): Recorded => {
  const shiftSeconds = Math.floor(Date.now() / 1_000) - latestBrowserTimeSeconds
  const text = recorded.text
    ?.replace(/("\$?token":)"\w+"/g, `$1"${project.token}"`)
    .replace(browserTime, (_all, name: string, seconds: string) => name + (Number(seconds) + shiftSeconds))
  const { authorization } = recorded.headers
  const isSecret = authorization === secretHeader('SECRET') || authorization === secretHeader('SECRET456')
  return {
    ...recorded,
    query: recorded.query.replace(`project_id=${us.id}`, `project_id=${project.id}`),
    ...(text === undefined ? {} : { text }),
    headers: { ...recorded.headers, ...(isSecret ? { authorization: secretHeader(project.secret) } : {}) },
  }
}

let lethe: Lethe
let officer: PrivacyOfficer
const answers = new Map<string, Answer>()
let exported: readonly StoredEvent[]

const replay = (recorded: Recorded): Promise<Answer> => {
  const { path, body } = encode(recorded)
  const { method, host, headers } = recorded
  return lethe.send(method, path, { host, headers, ...(body === undefined ? {} : { body }) })
}
const answerTo = (client: RecordedClient, name: string): Answer => answers.get(`${client} ${name}`) as Answer

beforeAll(async () => {
  lethe = await startLethe({
    provision,
    env: {
      LETHE_GDPR_GRACE_SECONDS: '0',
      LETHE_GDPR_RATE_PER_SECOND: '1000000',
      LETHE_GDPR_STATUS_RATE_PER_SECOND: '10000',
    },
  })
  officer = privacyOfficer(lethe, us)
  // In the order they were recorded: the profile operations build on each other.
  for (const { client, recorded } of recordings) {
    answers.set(`${client} ${recorded.name}`, await replay(putIn(recorded)))
    if (client === 'mixpanel-node-0.24.0' && recorded.name === '15 GET /engage') break
  }
})
afterAll(() => lethe?.stop())

describe('recorded requests', () => {
  it('are made again byte for byte as they were recorded', () => {
    const measured = recordings.filter(({ recorded }) => (recorded.bytes ?? 0) > 0)
    expect(measured.length).toBeGreaterThan(25)
    for (const { recorded } of measured) {
      expect([recorded.name, encode(recorded).body?.length]).toEqual([recorded.name, recorded.bytes])
    }
  })

  it('have built, after eleven operations of one node client, the profile that they say', async () => {
    const { $last_seen: lastSeen, ...properties } = (await officer.profile('u1')) ?? {}
    expect(properties).toEqual({ $first_name: 'A', n: 5, m: -1, l: ['y'], $transactions: [] })
    expect(lastSeen).toMatch(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d$/)
  })

  it('are answered to the byte as each client insists', async () => {
    const rest = recordings.slice(answers.size)
    for (const { client, recorded } of rest) {
      answers.set(`${client} ${recorded.name}`, await replay(putIn(recorded)))
    }
    expect(answers.size).toBe(recordings.length)
    for (const { client, recorded } of recordings) {
      const { status, body, type } = recorded.expect
      const answer = answerTo(client, recorded.name)
      expect([client, recorded.name, answer.status, answer.text]).toEqual([
        client,
        recorded.name,
        status,
        body ?? answer.text,
      ])
      if (type !== undefined) expect(answer.headers['content-type']).toContain(type)
    }
    exported = await exportEvents(lethe, us)
  })
})

describe('answers that are more than a line', () => {
  const node = 'mixpanel-node-0.24.0'
  const browser = 'mixpanel-browser-2.83.0'
  const importer = 'mixpanel-import-3.1.43'

  it('echo the origin with credentials to every browser batch, and let the preflight pass', () => {
    for (const { client, recorded } of recordings.filter((one) => one.client === browser)) {
      const { headers } = answerTo(client, recorded.name)
      const { origin } = recorded.headers
      if (origin === undefined) continue
      expect(headers['access-control-allow-origin']).toBe(origin)
      expect(headers['access-control-allow-credentials']).toBe('true')
      expect(headers['retry-after']).toBeUndefined()
    }
    const preflight = answerTo(browser, 'immediate-callback-get 1 OPTIONS /track/')
    expect(preflight.text).toBe('')
    expect(String(preflight.headers['access-control-allow-headers']).toLowerCase()).toContain('x-custom')
  })

  it('are an image for an <img>', () => {
    expect(answerTo(browser, 'img-transport 0 GET /track/').bytes.subarray(0, 6).toString()).toBe('GIF89a')
  })

  it('refuse an old api_key with the JSON of /import', () => {
    const answer = answerTo(node, '27 GET /import').json()
    expect(answer).toEqual({ code: 401, error: expect.stringMatching(/./), status: 'Unauthorized' })
  })

  it('send an EU host that names a US project to the right host, and keep nothing', async () => {
    const { code, error, status } = answerTo(importer, 'events-eu 0 POST /import').json()
    expect([code, status]).toEqual([403, 'Forbidden'])
    expect(error).toContain('api.mixpanel.com')
    expect(await exportEvents(lethe, eu)).toEqual([])
    const [recorded] = recordedRequests(importer).filter(({ name }) => name === 'events-eu 0 POST /import')
    expect((await replay(putIn(recorded as Recorded, eu))).text).toBe(
      '{"code":200,"num_records_imported":1,"status":"OK"}',
    )
    expect((await exportEvents(lethe, eu)).map(({ event }) => event)).toEqual(['E1'])
  })

  it('name each record that has no properties, or no token, and store none of them', () => {
    const events = answerTo(importer, 'export-import-event 1 POST /import').json()
    expect(events).toMatchObject({ code: 400, num_records_imported: 0, status: 'Bad Request' })
    expect(
      events.failed_records.map((failed: { index: number; field: string }) => [failed.index, failed.field]),
    ).toEqual([
      [0, 'properties'],
      [1, 'properties'],
    ])
    const profiles = answerTo(importer, 'export-import-profile 2 POST /engage').json()
    expect(profiles).toMatchObject({ code: 400, num_records_imported: 0 })
    expect(profiles.failed_records).toHaveLength(2)
  })

  it('export lines that the same client can read, gzip where it is asked for', () => {
    const answer = answerTo(importer, 'export-import-event 0 GET /api/2.0/export')
    const plain = gunzipSync(answer.bytes).toString('utf8')
    expect(plain.endsWith('}\n')).toBe(true)
    const lines = plain
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(new Set(lines.map(({ properties }) => properties.$insert_id))).toEqual(new Set(['ins1', 'ins2']))
    // Neither has the property that is asked for.
    expect(answerTo(importer, 'export 0 GET /api/2.0/export').text).toBe('')
  })
})

describe('what is stored', () => {
  const notStored = new Set(['token', 'ip', 'time', 'distinct_id', '$device_id', '$user_id', '$insert_id'])

  it('is every event that was sent, with exactly its properties, and nothing else', () => {
    const seen = new Set<StoredEvent>()
    for (const { client, recorded } of recordings) {
      if (!/track|import/.test(recorded.path) || answerTo(client, recorded.name).status !== 200) continue
      for (const record of recordsOf(putIn(recorded))) {
        const sent = record as unknown as StoredEvent
        const kept = Object.entries(sent.properties).filter(([name]) => !notStored.has(name))
        const found = exported.find((stored) => !seen.has(stored) && isSame(stored, sent, kept))
        const isTooOld = recorded.path.startsWith('/track') && sent.properties['time'] === 1_700_000_000_000
        expect([client, recorded.name, sent.event, found !== undefined]).toEqual([
          client,
          recorded.name,
          sent.event,
          !isTooOld,
        ])
        if (found !== undefined) seen.add(found)
      }
    }
    expect(exported.length).toBe(seen.size)
    expect(seen.size).toBeGreaterThan(90)
  })

  it('never holds a token or an address', () => {
    for (const { properties } of exported) {
      expect(Object.keys(properties)).not.toContain('token')
      expect(Object.keys(properties)).not.toContain('ip')
    }
    expect(JSON.stringify(exported)).not.toContain(us.token)
  })

  it('are the profiles of the browser and of the import, and not those that were deleted', async () => {
    expect(await officer.profile('u1')).toBeNull()
    expect(await officer.profile('u2')).toBeNull()
    // $set of a list, $union and $append in the order they arrived.
    expect(await officer.profile('user-1')).toMatchObject({ $email: 'a@b.c', n: 1, $browser: 'Chrome', l: ['y'] })
  })

  const isSame = (stored: StoredEvent, sent: StoredEvent, kept: readonly (readonly [string, unknown])[]): boolean => {
    const id = sent.properties['$insert_id']
    if (stored.event !== sent.event || (id !== undefined && stored.properties['$insert_id'] !== id)) return false
    // Who it belongs to now may be somebody else than who sent it (identity); who sent it is never lost.
    const sender = stored.properties['$distinct_id_before_identity'] ?? stored.properties['distinct_id']
    if (sender !== sent.properties['distinct_id']) return false
    const added =
      /^(\$mp_event_size|\$mp_api_endpoint|\$mp_api_timestamp_ms|mp_processing_time_ms|\$import|\$distinct_id_before_identity|\$is_reshuffled|\$preshuffle_distinct_id)$/
    const names = Object.keys(stored.properties).filter((name) => !notStored.has(name) && !added.test(name))
    return (
      names.length === kept.length &&
      kept.every(([name, value]) => JSON.stringify(stored.properties[name]) === JSON.stringify(value))
    )
  }
})
