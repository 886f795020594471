import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { basic, type Lethe, startLethe } from '../support/lethe.ts'
import { adminAccount, us } from '../support/provision.ts'

// LEX-09 and LEX-11, over what is stored.

let lethe: Lethe
beforeAll(async () => {
  lethe = await startLethe()
})
afterAll(() => lethe?.stop())

const admin = basic(adminAccount.username, adminAccount.secret)
const at = (path: string) => `/api/app/projects/${us.id}/lexicon/${path}`
const dayMs = 86_400_000
const dayBack = (days: number) => new Date(Date.now() - days * dayMs).toISOString().slice(0, 10)

const anEvent = (event: string, timeMs: number) => ({
  event,
  properties: { distinct_id: `p${Math.floor(timeMs / dayMs) % 50}`, time: timeMs, $insert_id: randomUUID() },
})
const importAll = async (events: readonly object[]) => {
  for (let from = 0; from < events.length; from += 2_000) {
    const body = events.slice(from, from + 2_000)
    const answer = await lethe.post(`/import?strict=1&project_id=${us.id}`, { headers: admin, body })
    expect([answer.status, answer.json().num_records_imported]).toEqual([200, body.length])
  }
}
const onDay = (event: string, back: number, count: number) =>
  Array.from({ length: count }, (_, at) => anEvent(event, Date.parse(`${dayBack(back)}T06:00:00Z`) + at))
const settings = (sent: object) => lethe.send('PUT', at('settings'), { headers: admin, body: { settings: sent } })
const notices = async () => {
  const answer = await lethe.get(at('notices'), { headers: admin })
  expect([answer.status, answer.text]).toEqual([200, answer.text])
  return answer.json().results
}

it('an event of which far fewer came than usual is told of, one that is as ever is not', {
  timeout: 60_000,
}, async () => {
  const days = Array.from({ length: 32 }, (_, back) => back + 2)
  await importAll([
    ...days.flatMap((back) => [
      ...onDay('Steady', back, 110),
      ...onDay('Falling', back, 110),
      ...onDay('Odd', back, 3),
    ]),
    ...onDay('Steady', 1, 100),
    ...onDay('Falling', 1, 22),
  ])
  expect(await notices()).toEqual([])
  await settings({ volume_monitoring: { enabled: true } })
  expect(await notices()).toEqual([
    {
      kind: 'volume',
      day: dayBack(1),
      events: [{ event: 'Falling', actual: 22, expected: 110, change: expect.closeTo(-0.8) }],
    },
  ])
  const hide = { names: ['Falling'], set: { hidden: true } }
  expect((await lethe.send('PATCH', at('events'), { headers: admin, body: hide })).status).toBe(200)
  expect(await notices()).toEqual([])
})

it('events that wait are told of by the day on which they came; too many end the waiting', {
  timeout: 60_000,
}, async () => {
  await settings({ event_approval: true })
  await importAll([anEvent('Newcomer', Date.now() - 60_000)])
  await lethe.get(at('events?refresh=1'), { headers: admin })
  expect(await notices()).toEqual([
    {
      kind: 'approval',
      day: new Date(Date.now() - 60_000).toISOString().slice(0, 10),
      events: [{ event: 'Newcomer' }],
    },
  ])
  await importAll(Array.from({ length: 3_000 }, (_, at) => anEvent(`flood ${at}`, Date.now() - 60_000)))
  await lethe.get(at('events?refresh=1'), { headers: admin })
  const now = (await lethe.get(at('settings'), { headers: admin })).json().results
  expect(now.settings.event_approval).toBe(false)
  expect(await notices()).toEqual([])
  const log = await lethe.get(`/api/app/projects/${us.id}/audit-log?event_type=lexicon.settings_updated`, {
    headers: admin,
  })
  expect(log.json().results[0].actor).toMatchObject({ type: 'system' })
})
