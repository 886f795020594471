import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { basic, type Lethe, startLethe } from '../support/lethe.ts'
import { adminAccount, analystAccount, consumerAccount, us } from '../support/provision.ts'
import { askQuery, eventAt, importEvents } from '../support/query-project.ts'

// RPT-06: cohorts that are somebody's own until they are shared, and people who did one thing after another.

let lethe: Lethe
beforeAll(async () => {
  lethe = await startLethe({ env: { LETHE_QUERY_PER_HOUR: '1000' } })
  await importEvents(lethe, us.id, [
    eventAt('A', '2026-03-02T10:00:00Z', 'anna'),
    eventAt('B', '2026-03-02T10:00:30Z', 'anna', { price: 5 }),
    eventAt('C', '2026-03-03T10:00:00Z', 'anna'),
    eventAt('B', '2026-03-02T10:00:00Z', 'ben'),
    eventAt('A', '2026-03-02T10:00:30Z', 'ben'),
    eventAt('A', '2026-03-02T10:00:00Z', 'carl'),
    eventAt('A', '2026-03-02T11:00:00Z', 'carl'),
    eventAt('B', '2026-03-02T11:00:20Z', 'carl', { price: 1 }),
    eventAt('A', '2026-03-02T10:00:00Z', ''),
    eventAt('B', '2026-03-02T10:00:30Z', ''),
  ])
})
afterAll(() => lethe?.stop())

const of = ({ username, secret }: typeof adminAccount) => basic(username, secret)
const [admin, analyst, consumer] = [of(adminAccount), of(analystAccount), of(consumerAccount)]
const path = (id: number | '' = '', rest = '') =>
  `/api/app/projects/${us.id}/cohorts${id === '' ? '' : `/${id}`}${rest}`
const send = (method: string, url: string, body: object, headers = analyst) =>
  lethe.send(method, url, { headers, body })
const saved = async (definition: object, headers = analyst) => {
  const answer = await send('POST', path(), { name: 'Cohort', definition }, headers)
  expect([answer.status, answer.text]).toEqual([201, expect.any(String)])
  return answer.json().results
}
const seenBy = async (id: number, headers: Readonly<Record<string, string>>) => {
  const listed = (await lethe.get(path(), { headers })).json().results.some((one: { id: number }) => one.id === id)
  const asked = await lethe.post(`/api/query/cohorts/list?project_id=${us.id}`, { headers })
  const isNamed = asked.json().some((one: { id: number }) => one.id === id)
  const filter = new URLSearchParams({ project_id: String(us.id), filter_by_cohort: JSON.stringify({ id }) })
  const engage = await lethe.post(`/api/query/engage?${filter}`, { headers })
  return [listed, isNamed, (await lethe.get(path(id), { headers })).status, engage.status]
}
const all = [true, true, 200, 200]
const nothing = [false, false, 404, 400]

describe('a cohort', () => {
  it('is seen by its creator and admins until it is shared', async () => {
    const { id, definition } = await saved({ type: 'static' })
    expect(definition).toEqual({ type: 'static', visibility: 'private', members: [] })
    expect(await seenBy(id, analyst)).toEqual(all)
    expect(await seenBy(id, admin)).toEqual(all)
    // Consumers read no profiles, of whatever cohort.
    expect(await seenBy(id, consumer)).toEqual([false, false, 404, 403])
    const bySecret = await lethe.post('/api/query/cohorts/list', { headers: basic(us.secret) })
    expect(bySecret.json().map((one: { id: number }) => one.id)).toContain(id)
    const shared = await send('PATCH', path(id), { definition: { type: 'static', visibility: 'shared' } })
    expect(shared.json().results.definition.visibility).toBe('shared')
    expect(await seenBy(id, consumer)).toEqual([true, true, 200, 403])
    const log = await lethe.get(`/api/app/projects/${us.id}/audit-log?event_type=cohort.shared`, { headers: admin })
    expect(log.json().results).toMatchObject([{ target: { type: 'cohort', id: String(id) } }])
    // What is not said of sharing stays as it was.
    const renamed = await send('PATCH', path(id), { definition: { type: 'static' } })
    expect(renamed.json().results.definition.visibility).toBe('shared')
  })

  it('of somebody else is neither changed, removed nor filled', async () => {
    const { id } = await saved({ type: 'static' }, admin)
    expect(await seenBy(id, analyst)).toEqual(nothing)
    expect((await send('PATCH', path(id), { name: 'mine' })).status).toBe(404)
    expect((await lethe.send('DELETE', path(id), { headers: analyst })).status).toBe(404)
    expect((await send('PUT', path(id, '/members'), ['anna'])).status).toBe(404)
    expect((await send('PUT', path(id, '/members'), ['anna'], admin)).status).toBe(200)
  })
})

describe('a cohort of who did one thing after another', () => {
  const membersOf = async (sequence: object) => {
    const conditions = [{ type: 'sequence', ...sequence }]
    const { id } = await saved({ type: 'dynamic', condition: { type: 'group', operator: 'and', conditions } })
    const answer = await askQuery(lethe, us.id, 'engage', { filter_by_cohort: JSON.stringify({ id }) })
    return answer.json().results.map((one: { $distinct_id: string }) => one.$distinct_id)
  }
  const ab = [{ event: 'A' }, { event: 'B' }]

  it('has them in that order, within a time of each other', async () => {
    expect(await membersOf({ steps: ab })).toEqual(['anna', 'carl'])
    expect(await membersOf({ steps: [...ab, { event: '$any_event' }] })).toEqual(['anna'])
    expect(await membersOf({ steps: [{ event: 'A' }, { event: 'A' }] })).toEqual(['carl'])
    const few = { within: { length: 25, unit: 'second' } }
    // From the second time that he did the first.
    expect(await membersOf({ steps: ab, ...few })).toEqual(['carl'])
    expect(await membersOf({ steps: [{ event: 'A' }, { event: 'B', where: 'properties["price"] > 2' }] })).toEqual([
      'anna',
    ])
    const window = { from_date: '2026-03-03', to_date: '2026-03-03' }
    expect(await membersOf({ steps: ab, window })).toEqual([])
  })

  it('takes two steps or more', async () => {
    const condition = { type: 'group', operator: 'and', conditions: [{ type: 'sequence', steps: [{ event: 'A' }] }] }
    expect((await send('POST', path(), { name: 'x', definition: { type: 'dynamic', condition } })).status).toBe(400)
  })
})
