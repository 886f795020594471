import { gzipSync } from 'node:zlib'
import Mixpanel from 'mixpanel'
import { basic, call } from '../call.ts'
import { holdEqual, StepFailed } from '../hold.ts'
import type { Shop } from '../installation.ts'
import type { Crowd, Person, ShopEvent } from '../people.ts'
import { count } from '../print.ts'
import { hostOf, type Tour } from '../tour.ts'

const importBatchCount = 2_000
const engageBatchCount = 200
/** Sent one by one by the SDK; the others of `recent` go in its batches. */
const singleCount = 50

/** Fills both shops: most by /import, the last days and some profiles by the official SDK. */
export const sendEvents = async (tour: Tour): Promise<void> => {
  const { print, installation, cast } = tour
  const { subject } = cast
  print.step('Send events to a US and an EU project')
  await fill(tour, installation.us, cast.us, null)
  await fill(tour, installation.eu, cast.eu, subject)
  print.note(`One of the EU people is ${subject.userId}: two devices before the account was known, one person now.`)
}

const fill = async (tour: Tour, shop: Shop, crowd: Crowd, subject: Tour['cast']['subject'] | null): Promise<void> => {
  const { print } = tour
  const host = hostOf(tour, shop)
  const history = [...crowd.history, ...(subject?.events ?? [])]
  const recent = [...crowd.recent, ...(subject?.recentEvents ?? [])]

  const importStartedAtMs = performance.now()
  const imported = await importEvents(tour, shop, history)
  const perSecond = Math.round(history.length / ((performance.now() - importStartedAtMs) / 1_000))
  print.asked(`POST ${host}/import?strict=1&project_id=${shop.id}   gzip NDJSON, ${importBatchCount} events each`)
  print.got(`num_records_imported ${count(imported)} in all, ${count(perSecond)} events per second`)
  holdEqual(print, `${shop.region}: every imported event was accepted`, imported, history.length)

  const people = [...crowd.people, ...(subject === null ? [] : [subject])]
  const bySdk = people.slice(-20)
  await sendBySdk(shop, host, recent, bySdk)
  print.asked(`mixpanel.init(token, { host: '${host.replace('http://', '')}', protocol: 'http' })`)
  print.got(
    `${count(recent.length - singleCount)} by track_batch, ${singleCount} by track, ${bySdk.length} profiles by people.set`,
  )

  await setProfiles(shop, host, people.slice(0, -bySdk.length))
  print.asked(`POST ${host}/engage   ${people.length - bySdk.length} profiles, ${engageBatchCount} each`)
  print.got('{"status":1,"error":null} each')
  print.ok(`${shop.region}: the SDK and /engage reported no error`)
}

const importEvents = async (tour: Tour, shop: Shop, events: readonly ShopEvent[]): Promise<number> => {
  const { username, secret } = tour.installation.account
  const url = `${hostOf(tour, shop)}/import?strict=1&project_id=${shop.id}`
  const headers = {
    ...basic(username, secret),
    'Content-Type': 'application/x-ndjson',
    'Content-Encoding': 'gzip',
  }
  const batches = batchesOf(events, importBatchCount)
  const importedCounts = await Promise.all(
    batches.map(async (batch) => {
      const body = gzipSync(batch.map((event) => JSON.stringify(event)).join('\n'))
      const answer = await call('POST', url, { headers, body })
      if (answer.status !== 200) throw new StepFailed(`POST ${url}`, '200', `${answer.status} ${answer.text}`)
      return answer.json<{ num_records_imported: number }>().num_records_imported
    }),
  )
  return importedCounts.reduce((sum, imported) => sum + imported, 0)
}

/** The SDK says through its callbacks whether the server answered `1`; anything else ends the tour. */
const sendBySdk = async (
  shop: Shop,
  host: string,
  events: readonly ShopEvent[],
  people: readonly Person[],
): Promise<void> => {
  const sdk = Mixpanel.init(shop.token, { host: host.replace('http://', ''), protocol: 'http' })
  const copies = events.map(({ event, properties }) => ({ event, properties: { ...properties } }))
  const [single, batched] = [copies.slice(-singleCount), copies.slice(0, -singleCount)]
  await answered('track_batch', (done) =>
    sdk.track_batch(batched, { max_concurrent_requests: 4 }, (errors) => done(errors?.find((error) => error))),
  )
  await Promise.all(single.map((one) => answered('track', (done) => sdk.track(one.event, one.properties, done))))
  await Promise.all(
    people.map(({ userId, profile }) =>
      answered('people.set', (done) => sdk.people.set(userId, profile, { $ignore_time: true }, done)),
    ),
  )
}

const answered = (what: string, start: (done: (error: Error | undefined) => void) => void): Promise<void> =>
  new Promise((resolve, reject) =>
    start((error) => (error ? reject(new StepFailed(`the SDK's ${what}`, 'no error', error.message)) : resolve())),
  )

const setProfiles = async (shop: Shop, host: string, people: readonly Person[]): Promise<void> => {
  for (const batch of batchesOf(people, engageBatchCount)) {
    const body = batch.map(({ userId, profile }) => ({ $token: shop.token, $distinct_id: userId, $set: profile }))
    const answer = await call('POST', `${host}/engage?verbose=1`, { body })
    if (answer.text !== '{"status":1,"error":null}') {
      throw new StepFailed(`POST ${host}/engage`, '{"status":1,"error":null}', `${answer.status} ${answer.text}`)
    }
  }
}

const batchesOf = <T>(items: readonly T[], size: number): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size))
