import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { type Answer, basic, bearer, type Lethe, type SendOptions } from '../support/lethe.ts'
import { adminAccount, owner, us } from '../support/provision.ts'
import { waitFor } from '../support/wait-for.ts'

export const asAccount = basic(adminAccount.username, adminAccount.secret)
export const asOfficer = bearer(owner.gdprToken)

/** Settings of servers that erase at once and do not slow their callers down. */
export const fastPrivacy = {
  LETHE_GDPR_GRACE_SECONDS: '0',
  LETHE_GDPR_RATE_PER_SECOND: '1000000',
  LETHE_GDPR_STATUS_RATE_PER_SECOND: '10000',
} as const

/** Numbers from 0 to 1 that a seed decides (mulberry32). */
export const randomOf = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

interface Child {
  readonly pid: number
  readonly commandLine: string
}

/** Processes that `parentPid` started and that still run. */
export const childrenOf = (parentPid: number): readonly Child[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
        const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
        if (Number(parent) !== parentPid || state === 'Z') return []
        return [{ pid: Number(name), commandLine: readFileSync(`/proc/${name}/cmdline`, 'utf8') }]
      } catch {
        // It ended while we looked.
        return []
      }
    })

/** Waits for the engine of a region, which may be restarting. */
export const enginePid = (lethe: Lethe, region: string): Promise<number> =>
  childPid(lethe, `/${region}/clickhouse/config.xml`)

export const postgresPid = (lethe: Lethe): Promise<number> => childPid(lethe, '/control/pg')

const childPid = (lethe: Lethe, mark: string): Promise<number> =>
  waitFor(`child ${mark}`, () => childrenOf(lethe.pid).find(({ commandLine }) => commandLine.includes(mark))?.pid)

/** Resident memory of a process in bytes: now, and at most so far. */
export const memoryOf = (pid: number): { readonly bytes: number; readonly peakBytes: number } => {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const of = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1] ?? Number.NaN) * 1_024
  return { bytes: of('VmRSS'), peakBytes: of('VmHWM') }
}

export interface SentEvent {
  readonly event: string
  readonly properties: { readonly $insert_id: string; readonly distinct_id: string; readonly [name: string]: unknown }
}

export const anEvent = (distinctId: string, more: object = {}): SentEvent => ({
  event: 'Bought',
  properties: {
    token: us.token,
    time: Math.floor(Date.now() / 1_000),
    distinct_id: distinctId,
    $insert_id: randomUUID(),
    ...more,
  },
})

export const importEvents = (lethe: Lethe, events: readonly object[]): Promise<Answer> =>
  lethe.post(`/import?strict=1&project_id=${us.id}`, { headers: asAccount, body: [...events] })

const dayText = (daysAgo: number) => new Date(Date.now() - daysAgo * 86_400_000).toISOString().slice(0, 10)

/** Every event of the project that the last two days hold, as raw export gives it. */
export const exportedEvents = async (lethe: Lethe): Promise<readonly SentEvent[]> => {
  const path = `/api/2.0/export?project_id=${us.id}&from_date=${dayText(1)}&to_date=${dayText(0)}`
  const answer = await lethe.get(path, { headers: asAccount })
  if (answer.status !== 200) throw new Error(`export answered ${answer.status}: ${answer.text}`)
  return answer.text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as SentEvent)
}

/** How often each `$insert_id` is there. */
export const countById = (events: readonly SentEvent[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const { properties } of events) {
    counts.set(properties.$insert_id, (counts.get(properties.$insert_id) ?? 0) + 1)
  }
  return counts
}

export type TaskKind = 'data-deletions' | 'data-retrievals'

export interface Task {
  readonly kind: TaskKind
  readonly trackingId: string
}

const tasksPath = ({ kind, trackingId }: Task) => `/api/app/${kind}/v3.0/${trackingId}?token=${us.token}`

/** One attempt; null when the server did not take it. */
export const askFor = async (lethe: Lethe, kind: TaskKind, ids: readonly string[]): Promise<Task | null> => {
  const body = { distinct_ids: ids, compliance_type: 'GDPR' }
  const options: SendOptions = { headers: asOfficer, body }
  const answer = await lethe.post(`/api/app/${kind}/v3.0?token=${us.token}`, options)
  return answer.status === 201 ? { kind, trackingId: answer.json().results[0].tracking_id } : null
}

/** `results` of the status of a task; an empty one when it cannot be told now. */
export const statusOf = async (
  lethe: Lethe,
  task: Task,
): Promise<{ readonly status?: string; readonly result?: string }> => {
  const answer = await lethe.get(tasksPath(task), { headers: asOfficer })
  return answer.status === 200 ? answer.json().results : {}
}

/** Why a deletion failed, as its evidence says, and what the server logged of privacy work. */
export const failureOf = async (lethe: Lethe, task: Task): Promise<string> => {
  const [path, query] = tasksPath(task).split('?')
  const answer = await lethe.get(`${path}/evidence?${query}`, { headers: asOfficer })
  const logged = lethe
    .logs()
    .split('\n')
    .filter((line) => line.includes('privacy work'))
  return [answer.text, ...logged.slice(-10)].join('\n')
}

/** Fails with what the server said, for `insist`. */
export const expectAnswer = (answer: Answer, isRight: boolean): true => {
  if (!isRight) throw new Error(`${answer.status} ${answer.text}`)
  return true
}

/** Tries again, with a pause, until something comes back; what fails meanwhile is what the test is about. */
export const insist = async <T>(what: string, attempt: () => Promise<T>, limitMs = 45_000): Promise<NonNullable<T>> => {
  const deadlineMs = Date.now() + limitMs
  for (let last = 'nothing came back'; ; ) {
    const result = await attempt().catch((error: unknown) => {
      last = String(error)
      return null
    })
    if (result) return result
    if (Date.now() > deadlineMs) throw new Error(`${what}: not within ${limitMs} ms, at last ${last}`)
    await delay(50)
  }
}
