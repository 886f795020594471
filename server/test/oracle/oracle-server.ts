import { type Answer, basic, type Lethe, startLethe } from '../support/lethe.ts'
import { owner } from '../support/provision.ts'
import type { Random } from '../support/random-expressions.ts'
import type { SentEvent } from './model.ts'
import { type Client, type Params, Refused } from './question.ts'
import type { Sink } from './random-project.ts'
import type { Save, Upload } from './saved-things.ts'

export interface OracleProject {
  readonly id: number
  readonly region: 'US' | 'EU'
  readonly timezone: string
  readonly mode: 'simplified' | 'original' | 'legacy'
  readonly token: string
  readonly secret: string
}

const account = { username: 'oracle.abc123.mp-service-account', secret: 'oracle secret of tests' }
const key = (seed: string): string => seed.padEnd(32, '0')

export const projectOf = (id: number, of: Pick<OracleProject, 'region' | 'timezone' | 'mode'>): OracleProject => ({
  ...of,
  id,
  token: key(`${id}a`),
  secret: key(`${id}b`),
})

/** A server with these projects, where a person is erased at once. */
export const startOracleServer = (projects: readonly OracleProject[]): Promise<Lethe> =>
  startLethe({
    provision: {
      organizations: [
        {
          id: 1,
          name: 'Acme',
          users: [{ email: owner.email, password: owner.password, role: 'owner' }],
          projects: projects.map(({ mode, ...project }) => ({ ...project, name: `P${project.id}`, identity: mode })),
          service_accounts: [{ ...account, projects: projects.map(({ id }) => ({ id, role: 'admin' })) }],
          gdpr_tokens: [{ user: owner.email, token: owner.gdprToken }],
        },
      ],
    },
    env: {
      LETHE_GDPR_GRACE_SECONDS: '0',
      LETHE_GDPR_RATE_PER_SECOND: '1000000',
      LETHE_GDPR_STATUS_RATE_PER_SECOND: '10000',
      LETHE_JQL_PER_HOUR: '100000',
    },
  })

const headers = basic(account.username, account.secret)

const ok = (answer: Answer): Answer => {
  if (answer.status !== 200 && answer.status !== 201) throw new Refused(answer.status, answer.text)
  return answer
}

/** Texts of members, so that every number goes out as it is written. */
const objectText = (members: Readonly<Record<string, string>>): string =>
  `{${Object.entries(members)
    .map(([name, text]) => `${JSON.stringify(name)}:${text}`)
    .join(',')}}`

const eventText = ({ event, timeMs, ids, insertId, properties, joinProperties }: SentEvent, token: string): string => {
  const idTexts = Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, JSON.stringify(id)]))
  const own = { token: JSON.stringify(token), time: String(timeMs), $insert_id: JSON.stringify(insertId) }
  return objectText({
    event: JSON.stringify(event),
    properties: objectText({ ...own, ...idTexts, ...properties, ...joinProperties }),
  })
}

const json = { 'Content-Type': 'application/json' }

/** What is sent to a project. */
export const sinkOf = (lethe: Lethe, { id, token }: OracleProject): Sink => ({
  events: async (events, by) => {
    const body = `[${events.map((event) => eventText(event, token)).join(',')}]`
    if (by === 'import') {
      ok(await lethe.post(`/import?strict=1&project_id=${id}`, { headers: { ...headers, ...json }, body }))
      return
    }
    const { text } = ok(await lethe.post('/track', { headers: json, body }))
    if (text !== '1') throw new Error(`/track answered ${text}`)
  },
  profiles: async (updates) => {
    const records = updates.map(({ id: who, texts }) =>
      objectText({
        $token: JSON.stringify(token),
        $distinct_id: JSON.stringify(who),
        $set: objectText(texts),
      }),
    )
    const { text } = ok(await lethe.post('/engage', { headers: json, body: `[${records.join(',')}]` }))
    if (text !== '1') throw new Error(`/engage answered ${text}`)
  },
})

export const savingTo = (lethe: Lethe, { id }: OracleProject): { readonly save: Save; readonly upload: Upload } => {
  const path = `/api/app/projects/${id}`
  return {
    save: async (kind, definition) =>
      ok(await lethe.post(`${path}/${kind}`, { headers, body: { name: 'saved', definition } })).json().results.id,
    upload: async (cohortId, ids) => {
      ok(await lethe.send('PUT', `${path}/cohorts/${cohortId}/members`, { headers, body: ids }))
    },
  }
}

const formOf = (params: Params): string =>
  new URLSearchParams(
    Object.fromEntries(Object.entries(params).map(([name, value]) => [name, String(value)])),
  ).toString()

/** Asks in any of the ways that clients do; the same questions get the same answers. */
export const clientOf = (lethe: Lethe, { id, secret }: OracleProject, { pick, next }: Random): Client => ({
  save: async (kind, definition) => {
    const body = { name: 'asked', definition }
    return ok(await lethe.post(`/api/app/projects/${id}/${kind}`, { headers, body })).json().results.id
  },
  script: async (script) => {
    const body = new URLSearchParams({ script }).toString()
    const form = { ...headers, 'Content-Type': 'application/x-www-form-urlencoded' }
    return ok(await lethe.post(`/api/query/jql?project_id=${id}`, { headers: form, body }))
  },
  query: async (path, params) => {
    const asked = { project_id: id, ...params }
    const as = next() < 0.7 ? headers : basic(secret)
    if (path.startsWith('/')) return ok(await lethe.get(`${path}?${formOf(asked)}`, { headers: as }))
    const family = pick(['/api/query', '/api/2.0'])
    const url = `${family}/${path}`
    return ok(
      await pick([
        () => lethe.get(`${url}?${formOf(asked)}`, { headers: as }),
        () => lethe.get(`${url}?${formOf(asked)}`, { headers: as }),
        () =>
          lethe.post(url, {
            headers: { ...as, 'Content-Type': 'application/x-www-form-urlencoded' },
            body: formOf(asked),
          }),
        () => lethe.post(`${url}?project_id=${id}`, { headers: as, body: { ...params } }),
      ])(),
    )
  },
})
