import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Lethe, startLethe } from '../support/lethe.ts'
import { us } from '../support/provision.ts'
import { account, askQuery, eventAt, importEvents } from '../support/query-project.ts'

// RPT-02 (query §7): measures, groups, first times, comparisons and significance of funnels.

let lethe: Lethe
let count = 0
beforeAll(async () => {
  lethe = await startLethe({ env: { LETHE_QUERY_PER_HOUR: '1000' } })
  const many = Array.from({ length: 80 }, (_, at) => [
    eventAt('See', '2026-04-01T10:00:00Z', `m${at}`, { kind: at % 2 === 0 ? 'even' : 'odd' }),
    ...(at % 2 === 0 || at < 6 ? [eventAt('Buy', '2026-04-01T11:00:00Z', `m${at}`)] : []),
  ])
  await importEvents(lethe, us.id, [
    eventAt('A', '2026-02-01T10:00:00Z', 'anna', { company: 'acme' }),
    eventAt('A', '2026-03-02T10:00:00Z', 'anna', { company: ['acme', 'beta'] }),
    eventAt('B', '2026-03-02T10:10:00Z', 'ben', { company: 'acme', price: 5 }),
    eventAt('A', '2026-03-02T11:00:00Z', 'ben', { company: 'beta' }),
    eventAt('B', '2026-03-02T11:00:30Z', 'ben', { price: 2.5 }),
    eventAt('A', '2026-03-02T12:00:00Z', 'ben', {}),
    eventAt('B', '2026-03-02T12:03:00Z', 'ben', { price: '7' }),
    eventAt('C', '2026-03-02T12:04:00Z', 'ben', { price: 1 }),
    ...many.flat(),
  ])
})
afterAll(() => lethe?.stop())

const saved = async (definition: object) => {
  count += 1
  const body = { name: `Funnel ${count}`, definition }
  return lethe.post(`/api/app/projects/${us.id}/funnels`, { headers: account, body })
}
const ask = async (definition: object, values = {}) => {
  const funnel_id = (await saved(definition)).json().results.id
  const asked = { funnel_id, from_date: '2026-03-02', to_date: '2026-03-02', ...values }
  const answer = await askQuery(lethe, us.id, 'funnels', asked)
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)])
  // What is asked for beside the documented keys is ours.
  return answer.json()
}
const ab = { steps: [{ event: 'A' }, { event: 'B' }], length: 1, length_unit: 'hour' }
const counts = (steps: readonly { count: number }[]) => steps.map((step) => step.count)
const day = '2026-03-02'

describe('funnels', () => {
  it('add up a number of the events that took the steps', async () => {
    const { data } = await ask({ ...ab, counting: 'totals', sum_property: 'price' })
    // The second B has a text.
    expect(data[day].steps.map((step: object) => ({ count: 0, property_sum: 0, ...step }).property_sum)).toEqual([
      0, 2.5,
    ])
    expect(counts(data[day].steps)).toEqual([3, 2])
  })

  it('tell how long every attempt took, people counted once or not', async () => {
    const { data } = await ask({ ...ab, time_to_convert: { percentiles: [0, 25, 100] } })
    const [first, second] = data[day].steps
    expect(counts(data[day].steps)).toEqual([2, 1])
    expect(first).not.toHaveProperty('time_to_convert')
    const times = { count: 2, average: 105, median: 105, min: 30, max: 180, percentiles: { 0: 30, 25: 67.5, 100: 180 } }
    expect(second.time_to_convert).toEqual(times)
    expect(second.time_to_convert_from_start).toEqual(times)
  })

  it('count the groups that events name in place of people', async () => {
    const { data } = await ask({ ...ab, group_key: 'company' })
    // Both companies see an A of anna; B at 10:10 is one of acme's.
    expect(counts(data[day].steps)).toEqual([2, 1])
    const sessions = await saved({ ...ab, group_key: 'company', counting: 'sessions' })
    expect([sessions.status, sessions.text]).toEqual([400, expect.stringContaining('groups have no sessions')])
  })

  it('let only the first time ever take a step', async () => {
    const { data } = await ask({ ...ab, steps: [{ event: 'A', first_time: true }, { event: 'B' }] })
    // Anna did it in February.
    expect(counts(data[day].steps)).toEqual([1, 1])
    const later = await ask({
      ...ab,
      steps: [{ event: 'A', first_time: true, where: 'not defined(properties["company"])' }],
    })
    // His first had a company, and nobody's second is asked for.
    expect(counts(later.data[day].steps)).toEqual([0])
  })

  it('compare events at a step', async () => {
    const compare = [
      { event: 'C', label: 'Ends' },
      { event: 'B', where: 'properties["price"] > 100', label: 'Dear' },
    ]
    const steps = [{ event: 'A' }, { event: 'B', label: 'Goes on', compare }]
    const { data } = await ask({ ...ab, steps })
    expect(Object.fromEntries(Object.entries(data[day]).map(([key, one]) => [key, counts(one as never)]))).toEqual({
      $overall: [2, 1],
      'Goes on': [2, 1],
      Ends: [2, 0],
      Dear: [2, 0],
    })
    const funnel_id = (await saved({ ...ab, steps })).json().results.id
    const on = await askQuery(lethe, us.id, 'funnels', { funnel_id, from_date: day, to_date: day, on: 'company' })
    expect([on.status, on.text]).toEqual([400, expect.stringContaining('there is no breakdown')])
  })

  it('say how sure a difference is, against all or against one value', async () => {
    const see = { steps: [{ event: 'See' }, { event: 'Buy' }], length: 2, length_unit: 'hour' }
    const april = { from_date: '2026-04-01', to_date: '2026-04-01', on: 'kind' }
    const all = (await ask({ ...see, significance: {} }, april)).data['2026-04-01']
    expect(counts(all['even'])).toEqual([40, 40])
    expect(counts(all['odd'])).toEqual([40, 3])
    expect(all['$significance']).toEqual({
      even: { confidence: expect.closeTo(1, 6), is_significant: true },
      odd: { confidence: expect.closeTo(1, 6), is_significant: true },
    })
    const one = (await ask({ ...see, significance: { control: 'odd' } }, april)).data['2026-04-01']
    expect(one['$significance']).toEqual({ even: { confidence: expect.closeTo(1, 6), is_significant: true } })
    const none = (await ask({ ...see, significance: { control: 'nobody' } }, april)).data['2026-04-01']
    expect(none['$significance']).toEqual({ even: null, odd: null })
    const whole = (await saved({ ...see, significance: {} })).json().results.id
    const refused = await askQuery(lethe, us.id, 'funnels', { funnel_id: whole, ...april, on: '' })
    expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('significance needs a breakdown')])
  })
})
