import { call } from '../call.ts'
import { holdEqual, holdTrue } from '../hold.ts'
import { count, seconds } from '../print.ts'
import { type Followed, trackingIdOf } from '../privacy-client.ts'
import { subjectIds, type Tour } from '../tour.ts'
import { linesOf, zipEntries } from '../zip-entries.ts'

interface Retrieved {
  readonly link: string
  readonly entries: ReadonlyMap<string, Buffer>
}

/** Hands out what is held of one person, in the three forms of the API. Returns the link of the first archive. */
export const retrievePerson = async (tour: Tour): Promise<string> => {
  const { print, cast } = tour
  const { subject } = cast
  print.step('Retrieve one person')
  const [, deviceId = ''] = subjectIds(tour)
  const { link, entries } = await retrieve(tour, { distinct_ids: [deviceId], compliance_type: 'GDPR' })
  const events = linesOf(entries.get('events.json')?.toString('utf8') ?? '')
  const people = linesOf(entries.get('people.json')?.toString('utf8') ?? '')
  const ownCount = subject.events.length + subject.recentEvents.length
  holdEqual(print, `asked by one device id, all ${ownCount} events of the person came`, events.length, ownCount)
  holdTrue(
    print,
    'and the profile, with the e-mail',
    people.length === 1 && people.join().includes(subject.canaries['e-mail'] ?? ''),
    'one profile',
    people,
  )

  const categories = await retrieve(tour, {
    distinct_ids: [subject.userId],
    compliance_type: 'CCPA',
    disclosure_type: 'Categories',
  })
  const names = textOf(categories, 'categories.json')
  print.note(`categories: ${(JSON.parse(names) as { event_names: string[] }).event_names.join(', ')}`)
  const leaked = Object.keys(subject.canaries).filter((name) => names.includes(subject.canaries[name] ?? ''))
  holdEqual(print, 'categories hold names of events and properties, and no value', leaked, [])

  const sources = await retrieve(tour, {
    distinct_ids: [subject.userId],
    compliance_type: 'CCPA',
    disclosure_type: 'Sources',
  })
  const { sources: groups } = JSON.parse(textOf(sources, 'sources.json')) as { sources: { event_count: number }[] }
  const eventCount = groups.reduce((sum, group) => sum + group.event_count, 0)
  holdEqual(print, `sources: ${groups.length} ways in which the ${ownCount} events came`, eventCount, ownCount)
  return link
}

const textOf = ({ entries }: Retrieved, name: string): string => entries.get(name)?.toString('utf8') ?? '{}'

/** Creates a retrieval, follows it, downloads the archive with nothing but its link. */
export const retrieve = async (tour: Tour, body: object): Promise<Retrieved> => {
  const { print, privacy } = tour
  print.asked(`POST /api/app/data-retrievals/v3.0   ${JSON.stringify(body)}`)
  const created = await privacy.create('data-retrievals', body)
  const trackingId = trackingIdOf(created)
  const followed = await privacy.follow('data-retrievals', trackingId)
  print.got(`${created.status} tracking_id ${trackingId}, ${statesOf(followed)}`)
  const link = String(followed.last['result'])
  const archive = await call('GET', link)
  const entries = zipEntries(archive.bytes)
  const { records } = JSON.parse(entries.get('manifest.json')?.toString('utf8') ?? '{}') as {
    records: Record<string, number>
  }
  const listed = [...entries.keys()].map((name) =>
    records[name] === undefined ? name : `${name} (${count(records[name])})`,
  )
  print.got(`zip of ${count(archive.bytes.length)} bytes: ${listed.join(', ')}`)
  return { link, entries }
}

/** `PENDING 2 ms, SUCCESS 80 ms`. */
export const statesOf = ({ seen }: Followed): string =>
  seen.map(({ state, afterMs }) => `${state} ${seconds(afterMs)}`).join(', ')
