import { call } from '../call.ts'
import { held, holdEqual, holdTrue } from '../hold.ts'
import { count, seconds } from '../print.ts'
import { trackingIdOf } from '../privacy-client.ts'
import { subjectIds, type Tour } from '../tour.ts'
import { statesOf } from './retrieve-person.ts'

export interface Evidence {
  readonly ids_requested: number
  readonly ids_in_clusters: number
  readonly ids_unknown: number
  readonly holders: readonly {
    readonly holder: string
    readonly rows_before: number
    readonly partitions_before: readonly string[]
    readonly rows_after: number | null
  }[]
  readonly retired_parts_removed: number | null
  readonly durations_ms: Readonly<Record<string, number>>
}

export interface Erasure {
  readonly trackingId: string
  readonly evidence: Evidence
  readonly receipt: string
}

/** A deletion that is canceled in time, then the one that counts. */
export const erasePerson = async (tour: Tour, archiveLink: string): Promise<Erasure> => {
  const { print, cast } = tour
  print.step('Erase that person')
  await cancelOne(tour)
  const erasure = await erase(tour, [cast.subject.userId])
  const { evidence } = erasure
  print.got(`evidence: ${evidence.ids_requested} id asked, ${evidence.ids_in_clusters} ids in the identity cluster`)
  print.table(
    ['holder', 'rows before', 'partitions', 'rows after'],
    evidence.holders.map(({ holder, rows_before, partitions_before, rows_after }) => [
      holder,
      count(rows_before),
      String(partitions_before.length),
      rows_after === null ? 'unknown' : count(rows_after),
    ]),
  )
  const { total = 0 } = evidence.durations_ms
  print.note(`${evidence.retired_parts_removed} retired parts left the disk; erased and verified in ${seconds(total)}`)
  holdEqual(print, 'the cluster is the user id and both devices', evidence.ids_in_clusters, subjectIds(tour).length)
  const eventRows = evidence.holders.find(({ holder }) => /event/.test(holder))?.rows_before
  const ownCount = cast.subject.events.length + cast.subject.recentEvents.length
  holdEqual(print, 'before it began it had counted every event', eventRows, ownCount)
  const isZero = evidence.holders.every(({ rows_after }) => rows_after === 0)
  holdTrue(print, 'every holder is at zero', isZero, '0 rows after', evidence.holders)

  const archive = await call('GET', archiveLink)
  print.asked('GET the link of the archive from before')
  print.got(`${archive.status} ${archive.text}`)
  holdEqual(print, 'the archive of the person is gone as well', archive.status, 410)
  return erasure
}

const cancelOne = async ({ print, privacy, cast }: Tour): Promise<void> => {
  const body = { distinct_ids: [cast.eu.people[0]?.userId], compliance_type: 'GDPR' }
  print.asked(`POST /api/app/data-deletions/v3.0   ${JSON.stringify(body)}`)
  const trackingId = trackingIdOf(await privacy.create('data-deletions', body))
  const canceled = await privacy.cancel(trackingId)
  const { last } = await privacy.follow('data-deletions', trackingId)
  print.got(`PENDING; DELETE …/${trackingId} → ${canceled.status}; now ${String(last['status'])}`)
  holdEqual(print, 'a request can be canceled while it waits', [canceled.status, last['status']], [204, 'REVOKED'])
}

/** Creates a deletion, follows it to SUCCESS, fetches evidence and receipt. */
export const erase = async (tour: Tour, distinctIds: readonly string[]): Promise<Erasure> => {
  const { print, privacy } = tour
  const body = { distinct_ids: distinctIds, compliance_type: 'GDPR' }
  print.asked(`POST /api/app/data-deletions/v3.0   ${JSON.stringify(body)}`)
  const created = await privacy.create('data-deletions', body)
  const trackingId = trackingIdOf(created)
  const followed = await privacy.follow('data-deletions', trackingId)
  print.got(`${created.status} tracking_id ${trackingId}\n${statesOf(followed)}`)
  const answer = await privacy.evidence(trackingId)
  const { results } = answer.json<{
    results: { failure: string | null; evidence: Evidence | null; receipt: string | null }
  }>()
  holdEqual(print, 'it ends with SUCCESS', `${followed.seen.at(-1)?.state} ${results.failure ?? ''}`.trim(), 'SUCCESS')
  holdEqual(print, 'it began with PENDING', followed.seen[0]?.state, 'PENDING')
  return { trackingId, evidence: held('evidence', results.evidence), receipt: held('a receipt', results.receipt) }
}
