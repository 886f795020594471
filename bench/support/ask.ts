import type { Lethe } from '../../server/test/support/lethe.ts'
import { asAccount, project } from './bench-server.ts'

export type Answered = Awaited<ReturnType<Lethe['get']>>

/** A question to the Query API, as a script asks it. Throws for any answer but 200. */
export const ask = async (
  lethe: Lethe,
  endpoint: string,
  params: Readonly<Record<string, string | number>>,
): Promise<Answered> => {
  const form = new URLSearchParams(
    Object.entries(params).map(([name, value]): [string, string] => [name, String(value)]),
  )
  const headers = { ...asAccount, 'Content-Type': 'application/x-www-form-urlencoded' }
  const answer = await lethe.post(`/api/2.0/${endpoint}`, { headers, body: form.toString() })
  if (answer.status !== 200) throw new Error(`${endpoint} answered ${answer.status}: ${answer.text.slice(0, 1_000)}`)
  return answer
}

/** Waits until every event that is there has been looked at for duplicates: of millions of new ones that takes a while. */
export const untilAnswered = async (lethe: Lethe, projectId: number, day: string): Promise<number> => {
  const startedAtMs = performance.now()
  await ask(lethe, 'segmentation', { project_id: projectId, event: 'Purchase', from_date: day, to_date: day })
  return performance.now() - startedAtMs
}

/** Saves a funnel of steps in their order, and answers its id. */
export const saveFunnel = async (lethe: Lethe, events: readonly string[], windowDays: number): Promise<number> => {
  const definition = { steps: events.map((event) => ({ event })), length: windowDays, length_unit: 'day' }
  const name = `${events.length} steps, ${windowDays} days, ${Date.now()}`
  const path = `/api/app/projects/${project.id}/funnels`
  const answer = await lethe.post(path, { headers: asAccount, body: { name, definition } })
  const id: unknown = answer.json().results?.id
  if (typeof id !== 'number') throw new Error(`${path} answered ${answer.status}: ${answer.text}`)
  return id
}
