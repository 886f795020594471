import { afterAll, beforeAll, expect, it } from 'vitest'
import { basic, type Lethe, startLethe } from '../support/lethe.ts'
import { other, us } from '../support/provision.ts'
import { account, askQuery, eventAt, importEvents } from '../support/query-project.ts'

// Questions that random ones (server/test/oracle) found answered wrong.

let lethe: Lethe
beforeAll(async () => {
  lethe = await startLethe()
  const events = [
    ...['ann', 'ben', 'cem'].map((id) => eventAt('Bought', '2026-03-02T10:00:00Z', id, { plan: 'pro', n: 1 })),
    eventAt('Bought', '2026-03-02T11:00:00Z', 'dan', { plan: 'free', n: 2 }),
    eventAt('Seen', '2026-03-02T11:00:00Z', 'ann'),
  ]
  // A part of the table for each, and parts of somebody else.
  for (const event of events) {
    await importEvents(lethe, us.id, [event])
    const headers = basic(other.secret)
    const sent = await lethe.post(`/import?strict=1&project_id=${other.id}`, { headers, body: [event] })
    expect(sent.status).toBe(200)
  }
})
afterAll(() => lethe?.stop())

const days = { from_date: '2026-03-02', to_date: '2026-03-02' }
const bought = { event: 'Bought', ...days, type: 'unique' }
const asked = async (name: string, values: Readonly<Record<string, string | number>>) => {
  const answer = await askQuery(lethe, us.id, name, values)
  expect([answer.status, answer.text]).toEqual([200, answer.text])
  return answer.json()
}
const peopleOf = async (values: object): Promise<number> =>
  (await asked('segmentation', { ...bought, ...values })).data.values['Bought'][days.from_date]

it.each([
  ['not (properties["plan"] == "free" and properties["n"] == 2)', 3],
  ['not (properties["plan"] == "team" and properties["n"] == 2)', 4],
  ['if(properties["plan"] == "pro" and properties["n"] == 1, false, true)', 1],
  ['not (properties["plan"] == "free" or properties["n"] == 2)', 3],
])('counts the people of %s', async (where, count) => {
  expect(await peopleOf({ where })).toBe(count)
})

it('counts the people, and shows the activity, of a project in which events came in twice', async () => {
  const twice = eventAt('Bought', '2026-03-02T12:00:00Z', 'eve')
  const inOne = eventAt('Bought', '2026-03-02T12:00:00Z', 'fay')
  await importEvents(lethe, us.id, [twice, inOne, inOne])
  await importEvents(lethe, us.id, [twice])
  expect(await peopleOf({})).toBe(6)
  const { results } = await asked('stream/query', { distinct_ids: '["ann"]', ...days })
  expect(results.events.map(({ event }: { event: string }) => event)).toEqual(['Bought', 'Seen'])
})

it('counts a custom event that is one event and no more under its own name', async () => {
  const path = `/api/app/projects/${us.id}/custom-events`
  const body = { name: 'It', definition: { events: [{ event: 'Seen' }] } }
  const { id } = (await lethe.post(path, { headers: account, body })).json().results
  const name = `$custom_event:${id}`
  const { data } = await asked('events', { event: JSON.stringify([name]), type: 'general', unit: 'day', ...days })
  expect(data.values).toEqual({ [name]: { [days.from_date]: 1 } })
})

it('counts the first of the values asked for, although others count more', async () => {
  const values = JSON.stringify(['free', 'pro'])
  const asking = { event: 'Bought', name: 'plan', values, limit: 1, type: 'general', unit: 'day', ...days }
  expect((await asked('events/properties', asking)).data.values).toEqual({ free: { [days.from_date]: 1 } })
})
