import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Lethe, startLethe } from '../support/lethe.ts'
import { eu, us } from '../support/provision.ts'
import { account, askQuery, eventAt, importEvents } from '../support/query-project.ts'

// ING-14 (ingestion §8): what was sent twice counts once at the next query, in every region; raw export shows what was sent.

let lethe: Lethe
beforeAll(async () => {
  lethe = await startLethe()
})
afterAll(() => lethe?.stop())

const days = { from_date: '2026-03-02', to_date: '2026-03-02' }
const countsOf = async (event: string, more: object = {}, projectId: number = us.id) => {
  const answer = await askQuery(lethe, projectId, 'segmentation', { event, ...days, ...more })
  expect(answer.status).toBe(200)
  const { values } = JSON.parse(answer.text).data as { values: Record<string, Record<string, number>> }
  return Object.fromEntries(Object.entries(values).map(([name, byDay]) => [name, byDay[days.from_date]]))
}
const exportedCount = async (event: string): Promise<number> => {
  const names = encodeURIComponent(JSON.stringify([event]))
  const path = `/api/2.0/export?project_id=${us.id}&from_date=${days.from_date}&to_date=${days.to_date}&event=${names}`
  const { status, text } = await lethe.get(path, { headers: account })
  expect(status).toBe(200)
  return text.trim().split('\n').length
}

describe('events that were sent twice', () => {
  it('in a whole import count once, whenever one asks; raw export shows both', async () => {
    const batch = Array.from({ length: 2_000 }, (_, index) =>
      eventAt('Retried', '2026-03-02T10:00:00Z', `person-${index % 100}`),
    )
    await importEvents(lethe, us.id, batch)
    expect(await countsOf('Retried')).toEqual({ Retried: 2_000 })
    await importEvents(lethe, us.id, batch)
    expect(await countsOf('Retried')).toEqual({ Retried: 2_000 })
    expect(await countsOf('Retried', { type: 'unique' })).toEqual({ Retried: 100 })
    expect(await exportedCount('Retried')).toBe(4_000)
  })

  it('count as what came in last, also within one request', async () => {
    const sent = eventAt('Changed', '2026-03-02T10:00:00Z', 'anna', { plan: 'free' })
    const again = (plan: string) => ({ ...sent, properties: { ...sent.properties, plan } })
    await importEvents(lethe, us.id, [sent])
    expect(await countsOf('Changed', { on: 'plan' })).toEqual({ free: 1 })
    await importEvents(lethe, us.id, [again('late'), again('pro')])
    expect(await countsOf('Changed', { on: 'plan' })).toEqual({ pro: 1 })
    await importEvents(lethe, us.id, [again('last')])
    expect(await countsOf('Changed', { on: 'plan' })).toEqual({ last: 1 })
    // What does not count any more is found by no filter.
    expect(await countsOf('Changed', { where: 'properties["plan"] == "free"' })).toEqual({ Changed: 0 })
  })

  it('count in each region for themselves', async () => {
    const sent = eventAt('Apart', '2026-03-02T10:00:00Z', 'anna')
    await importEvents(lethe, us.id, [sent])
    await importEvents(lethe, eu.id, [sent])
    expect(await countsOf('Apart')).toEqual({ Apart: 1 })
    expect(await countsOf('Apart', {}, eu.id)).toEqual({ Apart: 1 })
  })
})
