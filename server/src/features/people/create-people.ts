import { Readable } from 'node:stream'
import type { Reply, Route, Scoped } from '../../http/route.ts'
import type { AuditEventType } from '../../kernel/audit.ts'
import { InvalidRequest } from '../../kernel/errors.ts'
import type { RegionDb } from '../../platform/clickhouse/region-db.ts'
import { createConcurrencyLimit } from '../../platform/limits/concurrency-limit.ts'
import { openCall, type QueryCall, type QueryRouteDeps, type ResolveFilterDeps, textList } from '../query/index.ts'
import { csvLine, csvValue } from './domain/csv-line.ts'
import { auditOf, changePerson, createPerson, deletePerson, type EditDeps } from './edit-person.ts'
import { type Feed, feedRowText, readFeed } from './events-feed.ts'
import { feedRequest } from './feed-request.ts'
import { importPeople } from './import-people.ts'
import { listPeople, peopleCsv } from './list-people.ts'
import { clusterOf } from './person-cluster.ts'
import { readPerson } from './read-person.ts'
import { peopleRoutes } from './routes.ts'

export interface PeopleDeps extends EditDeps, ResolveFilterDeps {
  readonly regionDb: (regionId: string) => RegionDb
  readonly query: QueryRouteDeps
}

// Live pages ask every few seconds, each for a moment; more of one project at once than this are not people.
const concurrentMax = 24
const headers = { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' }
const csvHeaders = (name: string) => ({
  'Content-Type': 'text/csv; charset=utf-8',
  'Content-Disposition': `attachment; filename="${name}.csv"`,
  'Cache-Control': 'no-store',
})

/** RPT-05, RPT-13: the Events and Users pages, and the page of a person. */
export const createPeople = (deps: PeopleDeps): { readonly routes: readonly Route[] } => {
  const running = createConcurrencyLimit(concurrentMax)
  const dbOf = ({ scope }: Scoped): RegionDb => deps.regionDb(scope.regionId)

  const feedOf = async (request: Scoped): Promise<{ readonly call: QueryCall; readonly feed: Feed }> => {
    const call = await openCall(deps.query, request)
    const asked = feedRequest(call.params)
    const cluster = asked.distinctId === null ? null : await clusterOf(dbOf(request), call, asked.distinctId)
    return { call, feed: await readFeed(call, asked, cluster) }
  }
  const note = (request: Scoped, type: AuditEventType, counts: Readonly<Record<string, number>>): Promise<void> =>
    deps.audit.append(auditOf(request, type, counts))

  const read = (work: (request: Scoped) => Promise<Reply>) => (request: Scoped) =>
    running.run(request.project.id, () => work(request))
  const person = async (request: Scoped): Promise<Reply> => {
    const text = await readPerson(dbOf(request), await openCall(deps.query, request, request.query), personIn(request))
    return { status: 200, headers, body: `{"status":"ok","results":${text}}` }
  }

  return {
    routes: peopleRoutes({
      feed: read(async (request) => {
        const { feed } = await feedOf(request)
        const rows = feed.rows.map(feedRowText).join(',')
        return {
          status: 200,
          headers,
          body: `{"status":"ok","results":{"older":${JSON.stringify(feed.older)},"events":[${rows}]}}`,
        }
      }),
      feedCsv: read(async (request) => {
        const { call, feed } = await feedOf(request)
        await note(request, 'event_export.downloaded', { events: feed.rows.length })
        const columns = textList(call.params, 'columns') ?? []
        return { status: 200, headers: csvHeaders('events'), body: feedCsv(feed, columns) }
      }),
      list: read(async (request) => listPeople(deps, await openCall(deps.query, request))),
      listCsv: async (request) => {
        const leave = running.enter(request.project.id)
        try {
          const body = await begun(await peopleCsv(deps, await openCall(deps.query, request)))
          await note(request, 'profile_export.downloaded', {})
          // A download runs until its last byte is sent, or nobody is there any more to send it to.
          body.once('close', leave)
          return { status: 200, headers: csvHeaders('people'), body }
        } catch (error) {
          leave()
          throw error
        }
      },
      person: read(person),
      create: (request) => createPerson(deps, request),
      change: async (request) => {
        await changePerson(deps, request, personIn(request))
        return person(request)
      },
      remove: (request) => deletePerson(deps, request, personIn(request)),
      importFile: (request) => running.run(request.project.id, () => importPeople(deps, request)),
    }),
  }
}

const personIn = ({ query }: Scoped): string => {
  const distinctId = query['distinct_id'] ?? ''
  if (distinctId === '') throw new InvalidRequest('query parameter distinct_id is required')
  return distinctId
}

/** The rows that are shown, with the columns that are shown. */
const feedCsv = ({ rows }: Feed, columns: readonly string[]): string => {
  const lines = rows.map(({ event, time, distinct_id: distinctId, properties }) => {
    const values = new Map(Object.entries(JSON.parse(properties) as Record<string, unknown>))
    const shown = columns.map((name) => csvValue(values.has(name) ? JSON.stringify(values.get(name)) : ''))
    const own = [JSON.stringify(event), JSON.stringify(new Date(time).toISOString()), JSON.stringify(distinctId)]
    return csvLine([...own.map(csvValue), ...shown])
  })
  return [csvLine(['event', 'time', 'distinct_id', ...columns]), ...lines].join('')
}

/** A stream of which the first piece is there. */
const begun = async (chunks: AsyncIterable<Buffer>): Promise<Readable> => {
  const iterator = chunks[Symbol.asyncIterator]()
  const first = await iterator.next()
  return Readable.from(
    (async function* () {
      try {
        if (first.done !== true) yield first.value
        for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value
      } finally {
        await iterator.return?.()
      }
    })(),
    { objectMode: false },
  )
}
