import { expect } from 'vitest'
import { type Answer, basic, type Lethe } from './lethe.ts'
import { adminAccount } from './provision.ts'

export const account = basic(adminAccount.username, adminAccount.secret)

let eventCount = 0
/** An event for /import at an instant, such as `2026-03-29T00:30:00Z`. */
export const eventAt = (event: string, time: string, distinct_id: string, properties: object = {}) => {
  eventCount += 1
  const fixed = { time: Date.parse(time), distinct_id, $insert_id: `event-${eventCount}` }
  return { event, properties: { ...fixed, ...properties } }
}

export const importEvents = async (lethe: Lethe, projectId: number, body: readonly object[]): Promise<void> => {
  const answer = await lethe.post(`/import?strict=1&project_id=${projectId}`, { headers: account, body })
  expect([answer.status, answer.text]).toEqual([200, answer.text])
}

type Values = Readonly<Record<string, string | number>>

/** Asks an endpoint of the Query API as an admin of the project. */
export const askQuery = (lethe: Lethe, projectId: number, name: string, values: Values): Promise<Answer> => {
  const form = new URLSearchParams({ project_id: String(projectId) })
  for (const [key, value] of Object.entries(values)) form.set(key, String(value))
  return lethe.get(`/api/query/${name}?${form}`, { headers: account })
}
