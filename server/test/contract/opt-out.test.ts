import { randomUUID } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Lethe, type SendOptions, startLethe } from '../support/lethe.ts'
import { exportEvents, type PrivacyOfficer, privacyOfficer } from '../support/privacy-officer.ts'
import { us } from '../support/provision.ts'

// PRIV-25…30: what each client sends when its user opts out and in again (privacy §2), in a form in which it sends it. Some
// send `$delete` and the cleared charges by themselves, others when the application calls for them.
// `mixpanel-browser` itself, in a browser: server/test/e2e/sdk-browser.test.ts. The others do not run here.

let lethe: Lethe
let officer: PrivacyOfficer
beforeAll(async () => {
  lethe = await startLethe({
    env: { LETHE_GDPR_RATE_PER_SECOND: '1000000', LETHE_GDPR_STATUS_RATE_PER_SECOND: '10000' },
  })
  officer = privacyOfficer(lethe, us)
})
afterAll(() => lethe?.stop())

type Encode = (path: 'track' | 'engage', records: readonly object[]) => SendOptions & { readonly path: string }

const form = { 'Content-Type': 'application/x-www-form-urlencoded' }
const base64 = (records: object): string => encodeURIComponent(Buffer.from(JSON.stringify(records)).toString('base64'))

const encodings = {
  browser: (path, records) => ({
    path: `/${path}/?verbose=1&ip=1&_=${Date.now()}`,
    headers: form,
    body: `data=${base64(records)}`,
  }),
  json: (path, records) => ({
    path: `/${path}/?ip=1`,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(records),
  }),
  zippedJson: (path, records) => ({
    path: `/${path}/?ip=1`,
    headers: { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' },
    body: gzipSync(JSON.stringify(records)),
  }),
  zippedForm: (path, records) => ({
    path: `/${path}/?ip=1`,
    headers: { ...form, 'Content-Encoding': 'gzip' },
    body: gzipSync(`data=${base64(records)}&verbose=1`),
  }),
  jsonForm: (path, records) => ({
    path: `/${path}/?ip=1`,
    headers: form,
    body: `data=${encodeURIComponent(JSON.stringify(records))}`,
  }),
} satisfies Record<string, Encode>

interface Client {
  readonly name: string
  readonly lib: string
  readonly encode: Encode
  /** What stands beside the operation and is not stored. */
  readonly beside: object
  /** The value of `$delete`; it says nothing. */
  readonly deleteValue: unknown
}

const nowMs = () => Date.now()
const native = { deleteValue: {} }
const clients: readonly Client[] = [
  {
    ...native,
    name: 'JavaScript',
    lib: 'web',
    encode: encodings.browser,
    beside: { $device_id: 'd' },
    deleteValue: 'id',
  },
  { ...native, name: 'Objective-C', lib: 'iphone', encode: encodings.browser, beside: { $time: nowMs() } },
  { ...native, name: 'Swift', lib: 'swift', encode: encodings.json, beside: { $time: nowMs(), $user_id: 'u' } },
  { ...native, name: 'Swift, gzip', lib: 'swift', encode: encodings.zippedJson, beside: { $time: nowMs() } },
  {
    ...native,
    name: 'Android',
    lib: 'android',
    encode: encodings.zippedForm,
    beside: { $time: nowMs(), $had_persisted_distinct_id: true, $mp_metadata: { $mp_session_id: 's' } },
    deleteValue: null,
  },
  {
    name: 'React Native without native code',
    lib: 'react-native',
    encode: encodings.jsonForm,
    beside: { $time: nowMs(), $device_id: 'd' },
    deleteValue: 'null',
  },
  { ...native, name: 'React Native', lib: 'react-native', encode: encodings.json, beside: { $time: nowMs() } },
  { ...native, name: 'Flutter', lib: 'flutter', encode: encodings.zippedForm, beside: { $time: nowMs() } },
  {
    name: 'Unity',
    lib: 'unity',
    encode: encodings.jsonForm,
    beside: { $time: nowMs(), $mp_metadata: { $mp_session_seq_id: 1 } },
    deleteValue: '',
  },
]

describe.each(clients)('opting out with $name', ({ lib, encode, beside, deleteValue }) => {
  const user = `user ${randomUUID()}`
  const send = async (path: 'track' | 'engage', records: readonly object[]): Promise<void> => {
    const { path: url, ...sent } = encode(path, records)
    const answer = await lethe.post(url, sent)
    expect(answer.status).toBe(200)
    expect(['1', '{"status":1,"error":null}']).toContain(answer.text)
  }
  const engage = (operation: object) => ({ $token: us.token, $distinct_id: user, ...beside, ...operation })
  const anEvent = (event: string) => ({
    event,
    properties: { token: us.token, distinct_id: user, time: nowMs(), $insert_id: randomUUID(), mp_lib: lib },
  })
  const names = async () =>
    (await exportEvents(lethe, us))
      .filter(({ properties }) => properties['distinct_id'] === user)
      .map(({ event }) => event)

  it('removes the profile at once and leaves the events', async () => {
    await send('track', [anEvent('Bought')])
    await send('engage', [
      engage({ $set: { $email: 'ada@example.org' } }),
      engage({ $append: { $transactions: { $amount: 5 } } }),
    ])
    expect(await officer.profile(user)).toMatchObject({ $email: 'ada@example.org', $transactions: [{ $amount: 5 }] })
    await send('engage', [engage({ $delete: deleteValue })])
    expect(await officer.profile(user)).toBeNull()
    expect(await names()).toEqual(['Bought'])
  })

  it('is followed by what clears the charges, which brings nothing back', async () => {
    await send('engage', [engage({ $set: { $email: 'ada@example.org' } })])
    await send('engage', [engage({ $delete: deleteValue }), engage({ $set: { $transactions: [], $os: 'iOS' } })])
    expect(await officer.profile(user)).toEqual({ $transactions: [], $os: 'iOS', $last_seen: expect.any(String) })
  })

  it('ends with $opt_in, an event like any other', async () => {
    await send('track', [anEvent('$opt_in')])
    expect((await names()).sort()).toEqual(['$opt_in', 'Bought'])
    const [stored] = (await exportEvents(lethe, us)).filter(
      ({ event, properties }) => event === '$opt_in' && properties['distinct_id'] === user,
    )
    expect(stored?.properties).toMatchObject({ mp_lib: lib, $user_id: user })
  })
})
