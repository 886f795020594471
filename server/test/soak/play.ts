import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'vitest'
import { linesOf } from '../../../demo/zip-entries.ts'
import { type Answer, basic, bearer, type Lethe } from '../support/lethe.ts'
import { owner } from '../support/provision.ts'
import { waitFor } from '../support/wait-for.ts'
import type { History, Step } from './history.ts'
import { createModel, type EventRecord, lineOf, type Model, type Request, textOf } from './model.ts'
import type { Properties } from './model-identities.ts'
import type { SoakProject, TwoServers } from './two-servers.ts'

/** A history that is being lived by two servers and a model. */
export interface Play {
  readonly history: History
  readonly model: Model
  /** Sends a request to the servers in the way of the step and tells the model as often as it was taken. */
  send(step: Extract<Step, { kind: 'send' }>): Promise<void>
  /** Resolves when the deletion has STARTED. */
  erase(step: Extract<Step, { kind: 'erase' }>): Promise<void>
  /** Waits for SUCCESS of every deletion. */
  settle(): Promise<void>
  /** Compares what one server exports and shows with the model. */
  look(server: 0 | 1): Promise<void>
}

const deletions = '/api/app/data-deletions/v3.0'
// Many wait for the same batch: asking more often would be most of the work.
const pollIntervalMs = 300
// An erasure waits for those before it, and each of them is prepared by itself.
const waitLimitMs = 300_000
const as = { headers: bearer(owner.gdprToken) }
// The time, the host and the size of the request; the sentence that goes with a reason.
const serverMade = [
  '$mp_api_endpoint',
  '$mp_api_timestamp_ms',
  'mp_processing_time_ms',
  '$mp_event_size',
  '$failure_description',
]
const without = (properties: Properties, names: readonly string[]): Properties =>
  Object.fromEntries(Object.entries(properties).filter(([name]) => !names.includes(name)))

const good = (answer: Answer): Answer => {
  expect([answer.status, answer.text]).toEqual([200, answer.text])
  return answer
}

export const deliver = async (lethe: Lethe, { token, secret }: SoakProject, request: Request): Promise<void> => {
  const { surface, records } = request
  if (surface === 'engage') {
    const body = records.map((record) => ({ $token: token, ...record }))
    expect(good(await lethe.post('/engage', { body })).text).toBe('1')
  } else if (surface === 'track') {
    const body = records.map(({ event, properties }) => ({ event, properties: { token, ...properties } }))
    expect(good(await lethe.post('/track', { body })).text).toBe('1')
  } else {
    const headers = basic(secret)
    good(await lethe.post('/import?strict=1', { headers, body: [...records] }))
  }
}

/** Everything that a project holds, as raw export gives it. */
export const exportedEvents = async (lethe: Lethe, project: SoakProject): Promise<readonly EventRecord[]> => {
  const path = `/api/2.0/export?from_date=2020-01-01&to_date=${new Date().toISOString().slice(0, 10)}`
  const { text } = good(await lethe.get(path, { headers: basic(project.secret) }))
  return linesOf(text).map((line) => JSON.parse(line))
}

/** What of it the history sent, in no order. */
export const exported = async (lethe: Lethe, project: SoakProject, prefix: string): Promise<readonly string[]> =>
  (await exportedEvents(lethe, project))
    .filter(({ properties }) => String(properties['$insert_id']).startsWith(prefix))
    .map(({ event, properties }) => lineOf(event, without(properties, serverMade)))
    .sort()

/** Asks for a deletion; answers its id. */
export const startErasing = async (
  lethe: Lethe,
  { token }: SoakProject,
  { ids, suppress }: { readonly ids: readonly string[]; readonly suppress: boolean },
): Promise<string> => {
  const answer = await lethe.post(`${deletions}?token=${token}`, { ...as, body: { distinct_ids: ids, suppress } })
  expect([answer.status, answer.text]).toEqual([201, answer.text])
  return answer.json().results[0].tracking_id
}

/** The state of a deletion, which must not have failed. */
export const stateOf = async (lethe: Lethe, { token }: SoakProject, id: string): Promise<string> => {
  const { results } = good(await lethe.get(`${deletions}/${id}?token=${token}`, as)).json()
  expect(results.status).not.toBe('FAILURE')
  return results.status
}

/** Profiles of the ids, as engage shows them, without when they were last seen. */
export const profilesOf = async (
  lethe: Lethe,
  project: SoakProject,
  ids: readonly string[],
): Promise<readonly string[]> => {
  const headers = basic(project.secret)
  const { results, total } = good(await lethe.post('/api/2.0/engage?page_size=1000', { headers })).json()
  expect(total).toBe(results.length)
  return results
    .filter(({ $distinct_id: id }: { $distinct_id: string }) => ids.includes(id))
    .map(({ $distinct_id: id, $properties }: { $distinct_id: string; $properties: Properties }) => {
      return `${id} ${textOf(without($properties, ['$last_seen']))}`
    })
    .sort()
}

const eventNames = JSON.stringify(['Did', '$identify', '$create_alias', '$merge'])

/** What the Query API says of the history's people, in no order, and how many events and people the project has a day. */
export const answersOf = async (
  lethe: Lethe,
  project: SoakProject,
  { ids, mode, prefix }: History,
): Promise<object> => {
  const headers = basic(project.secret)
  const day = (ago: number) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10)
  const ask = async (name: string, values: Readonly<Record<string, string>>) => {
    const form = new URLSearchParams({ from_date: day(2), to_date: day(0), ...values })
    return good(await lethe.get(`/api/2.0/${name}?${form}`, { headers })).json()
  }
  // In legacy mode an event of an alias that is sent again belongs to the original from then on (identity §5): it is
  // counted once, and for somebody else. Whether a join was refused may change as well: they can be one person by now.
  const moves = mode === 'legacy' ? ['distinct_id', '$distinct_id'] : []
  const { results } = await ask('stream/query', { distinct_ids: JSON.stringify(ids) })
  const events = results.events.filter(({ properties }: EventRecord) => {
    return String(properties['$insert_id']).startsWith(prefix)
  })
  const counted = (type: string) => ask('events', { event: eventNames, type, unit: 'day' })
  return {
    events: events
      .map(({ event, properties }: EventRecord) => {
        return lineOf(event, without(properties, [...serverMade, '$failure_reason', ...moves]))
      })
      .sort(),
    profiles: await profilesOf(lethe, project, ids),
    general: (await counted('general')).data,
    unique: mode === 'legacy' ? null : (await counted('unique')).data,
  }
}

/** What is in `some` and not in `all`, each as often as it is there more. */
const beyond = (some: readonly string[], all: readonly string[]): readonly string[] => {
  const left = new Map<string, number>()
  for (const line of all) left.set(line, (left.get(line) ?? 0) + 1)
  return some.filter((line) => {
    const count = left.get(line) ?? 0
    left.set(line, count - 1)
    return count <= 0
  })
}

export const createPlay = ({ servers, db }: TwoServers, project: SoakProject, history: History): Play => {
  const model = createModel(history.mode)
  const tasks: string[] = []
  let asked = 0
  const { seed, mode, prefix } = history

  const waitForState = (id: string, states: readonly string[]) =>
    waitFor(
      `${states} of a deletion of history ${seed}`,
      async () => {
        await delay(pollIntervalMs)
        // Whichever server carries it out, both know.
        asked += 1
        return states.includes(await stateOf(servers[asked % 2] as Lethe, project, id))
      },
      waitLimitMs,
    ).catch((error: unknown) => {
      const told = servers.flatMap((lethe) => lethe.logs().split('\n')).filter((line) => line.includes('privacy work'))
      throw new Error([(error as Error).message, ...told.slice(-10)].join('\n'), { cause: error })
    })

  return {
    history,
    model,
    send: async ({ request, delivery, server }) => {
      const [here, there] = [servers[server], servers[1 - server] as Lethe]
      const first = deliver(here, project, request)
      if (delivery !== 'at once') await first
      if (delivery === 'again here') await deliver(here, project, request)
      if (delivery === 'again there') await deliver(there, project, request)
      if (delivery === 'at once') await Promise.all([first, deliver(there, project, request)])
      model.apply(request)
      if (delivery !== 'once') model.apply(request)
    },
    erase: async ({ ids, suppress, server, meanwhile }) => {
      const started = startErasing(servers[server], project, { ids, suppress })
      const sent = meanwhile.map((request, at) => deliver(servers[(server + at) % 2] as Lethe, project, request))
      const [id] = await Promise.all([started, ...sent])
      tasks.push(id)
      await waitForState(id, ['STARTED', 'SUCCESS'])
      const theirs = new Set(ids.flatMap((one) => [one, ...model.idsOf(one)]))
      model.erase(ids, suppress)
      for (const one of meanwhile) {
        if (one.surface === 'engage') throw new Error('only events can have come before or after')
        model.apply(one, {
          isOptional: one.records.some(({ properties }) => theirs.has(String(properties['distinct_id']))),
        })
      }
    },
    settle: async () => {
      for (const id of tasks.splice(0)) await waitForState(id, ['SUCCESS'])
      const gone = model.gone()
      const counts = await db.rows<{ place: string; n: string }>(rowsOfSql, { params: { projectId: project.id, gone } })
      expect({ seed, mode, left: counts.filter(({ n }) => n !== '0') }).toEqual({ seed, mode, left: [] })
    },
    look: async (server) => {
      const lethe = servers[server]
      const [lines, profiles] = [await exported(lethe, project, prefix), await profilesOf(lethe, project, history.ids)]
      const expected = model.lines()
      const sure = expected.filter(({ isOptional }) => !isOptional).map(({ line }) => line)
      const missing = beyond(sure, lines)
      const surplus = beyond(
        lines,
        expected.map(({ line }) => line),
      )
      expect({ seed, mode, missing, surplus }).toEqual({ seed, mode, missing: [], surplus: [] })
      expect({ seed, mode, profiles }).toEqual({ seed, mode, profiles: model.profiles() })
    },
  }
}

const rowsOfSql = ['event', 'profile', 'identity_link', 'duplicate_event', 'hidden_id']
  .map((table) => {
    const other = table === 'identity_link' ? 'OR canonical_id IN {gone:Array(String)}' : ''
    return `SELECT '${table}' AS place, count() AS n FROM ${table}
      WHERE project_id = {projectId:UInt64} AND (distinct_id IN {gone:Array(String)} ${other})`
  })
  .join(' UNION ALL ')
