import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Lethe, startLethe } from '../support/lethe.ts'
import { us } from '../support/provision.ts'
import { account, askQuery, eventAt, importEvents } from '../support/query-project.ts'

// RPT-03 (query §8): numbers of what comes back, groups, first times, and exact frequency.

let lethe: Lethe
beforeAll(async () => {
  lethe = await startLethe({ env: { LETHE_QUERY_PER_HOUR: '1000' } })
  await importEvents(lethe, us.id, [
    eventAt('Join', '2026-03-02T10:00:00Z', 'anna', { company: 'acme' }),
    eventAt('Buy', '2026-03-02T12:00:00Z', 'anna', { price: 5, company: ['acme', 'beta'] }),
    eventAt('Buy', '2026-03-02T13:00:00Z', 'anna', { price: 2.5 }),
    eventAt('Buy', '2026-03-03T12:00:00Z', 'anna', { price: '9' }),
    eventAt('Join', '2026-02-02T10:00:00Z', 'ben'),
    eventAt('Join', '2026-03-02T11:00:00Z', 'ben', { company: 'beta' }),
    eventAt('Buy', '2026-03-03T12:00:00Z', 'ben', { price: 3 }),
    eventAt('Join', '2026-03-02T11:00:00Z', 'carl'),
  ])
})
afterAll(() => lethe?.stop())

const ask = async (definition: object) => {
  const dates = { from_date: '2026-03-02', to_date: '2026-03-02' }
  const body = { name: 'Report', definition: { dates, ...definition } }
  const saved = await lethe.post(`/api/app/projects/${us.id}/bookmarks`, { headers: account, body })
  expect([saved.status, saved.text]).toEqual([201, expect.any(String)])
  const answer = await askQuery(lethe, us.id, 'insights', { bookmark_id: saved.json().results.id })
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)])
  return answer.json().series
}
const report = { type: 'retention', born_event: 'Join', event: 'Buy', interval_count: 1 }
const first = '2026-03-02T00:00:00+00:00'

describe('retention', () => {
  it('adds up what came back, or says it per person', async () => {
    const sums = await ask({ ...report, measure: { math: 'sum', property: 'price' } })
    expect(sums[first]).toEqual({ first: 3, counts: [1, 2], sums: [7.5, 3] })
    expect(sums.$average[0]).toEqual({ count: 1, first: 3, rate: 1 / 3, sum: 7.5 })
    const averages = await ask({ ...report, measure: { math: 'average', property: 'price' } })
    expect(averages[first]).toEqual({ first: 3, counts: [1, 2], averages: [7.5, 1.5] })
    expect(averages.$average[1]).toEqual({ count: 2, first: 3, rate: 2 / 3, average: 1.5 })
    const before = await ask({ ...report, criterion: 'on-or-before', measure: { math: 'sum', property: 'price' } })
    expect(before[first]).toEqual({ first: 3, counts: [1, 2], sums: [7.5, 10.5] })
    const after = await ask({ ...report, criterion: 'on-or-after', measure: { math: 'sum', property: 'price' } })
    expect(after[first]).toEqual({ first: 3, counts: [2, 2], sums: [10.5, 3] })
    const plain = await ask(report)
    expect(plain[first]).toEqual({ first: 3, counts: [1, 2] })
  })

  it('counts groups', async () => {
    const groups = await ask({ ...report, group_key: 'company' })
    // Anna bought for both, an hour after beta joined too.
    expect(groups[first]).toEqual({ first: 2, counts: [2, 0] })
  })

  it('lets only a first time be a birth', async () => {
    const births = await ask({ ...report, born_first_time: true })
    expect(births[first]).toEqual({ first: 2, counts: [1, 1] })
  })
})

describe('frequency', () => {
  it('is of at least so many hours, or of exactly so many', async () => {
    const frequency = { type: 'frequency', event: 'Buy', unit: 'day', addiction_unit: 'hour' }
    expect((await ask(frequency))[first].slice(0, 3)).toEqual([1, 1, 0])
    expect((await ask({ ...frequency, distribution: 'exact' }))[first].slice(0, 3)).toEqual([0, 1, 0])
    expect((await ask({ ...frequency, group_key: 'company' }))[first].slice(0, 3)).toEqual([2, 0, 0])
  })
})
