import { linesOf, zipEntries } from '../../../demo/zip-entries.ts'
import { bearer, type Lethe } from './lethe.ts'
import { owner } from './provision.ts'
import { waitFor } from './wait-for.ts'

type JsonObject = Readonly<Record<string, unknown>>

export interface StoredEvent {
  readonly event: string
  readonly properties: JsonObject
}

export interface StoredProfile {
  readonly $distinct_id: string
  readonly $properties: JsonObject
}

export interface Retrieved {
  readonly events: readonly StoredEvent[]
  readonly people: readonly StoredProfile[]
  readonly manifest: JsonObject
}

/** Asks for people and forgets them, for one project, with the GDPR token of the tests' owner. */
export interface PrivacyOfficer {
  retrieve(...distinctIds: readonly string[]): Promise<Retrieved>
  /** Properties of one profile; null: there is none. */
  profile(distinctId: string): Promise<JsonObject | null>
  /** Waits for SUCCESS; answers the evidence. */
  erase(...distinctIds: readonly string[]): Promise<JsonObject>
}

const endLimitMs = 30_000

/** Needs a server with LETHE_GDPR_GRACE_SECONDS=0 and generous rates. `host` as clients of the project use it. */
export const privacyOfficer = (lethe: Lethe, { token, host }: { token: string; host?: string }): PrivacyOfficer => {
  const as = { headers: bearer(owner.gdprToken), ...(host === undefined ? {} : { host }) }

  const end = async (kind: 'data-retrievals' | 'data-deletions', ids: readonly string[]) => {
    const path = `/api/app/${kind}/v3.0`
    const created = await lethe.post(`${path}?token=${token}`, { ...as, body: { distinct_ids: ids } })
    if (created.status !== 201) throw new Error(`${kind} was not taken: ${created.status} ${created.text}`)
    const id: string = created.json().results[0].tracking_id
    const ended = await waitFor(
      `the end of ${kind}`,
      async () => {
        const { results } = (await lethe.get(`${path}/${id}?token=${token}`, as)).json()
        return ['SUCCESS', 'FAILURE'].includes(results.status) ? results : null
      },
      endLimitMs,
    )
    if (ended.status !== 'SUCCESS') throw new Error(`${kind} ended with ${JSON.stringify(ended)}`)
    return { id, ended }
  }

  const retrieve = async (...ids: readonly string[]): Promise<Retrieved> => {
    const { ended } = await end('data-retrievals', ids)
    const link = new URL(ended.result)
    const archive = await lethe.get(link.pathname + link.search)
    if (archive.status !== 200) throw new Error(`the archive could not be had: ${archive.status} ${archive.text}`)
    const entries = zipEntries(archive.bytes)
    const lines = (name: string) => linesOf(entries.get(name)?.toString('utf8') ?? '').map((line) => JSON.parse(line))
    return {
      events: lines('events.json'),
      people: lines('people.json'),
      manifest: JSON.parse(entries.get('manifest.json')?.toString('utf8') ?? '{}'),
    }
  }

  return {
    retrieve,
    profile: async (id) => (await retrieve(id)).people.find((found) => found.$distinct_id === id)?.$properties ?? null,
    erase: async (...ids) => {
      const { id } = await end('data-deletions', ids)
      return (await lethe.get(`/api/app/data-deletions/v3.0/${id}/evidence?token=${token}`, as)).json().results
    },
  }
}

/** Everything that a project holds, as raw export gives it. `fromDate`: YYYY-MM-DD. */
export const exportEvents = async (
  lethe: Lethe,
  project: { readonly id: number; readonly secret: string },
  fromDate = '2020-01-01',
): Promise<readonly StoredEvent[]> => {
  const to = new Date().toISOString().slice(0, 10)
  const authorization = `Basic ${Buffer.from(`${project.secret}:`).toString('base64')}`
  const answer = await lethe.get(`/api/2.0/export?from_date=${fromDate}&to_date=${to}&project_id=${project.id}`, {
    headers: { Authorization: authorization },
  })
  if (answer.status !== 200) throw new Error(`export: ${answer.status} ${answer.text}`)
  return linesOf(answer.text).map((line) => JSON.parse(line))
}
