import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { basic, type Lethe, startLethe } from '../support/lethe.ts'
import { consumerAccount, us } from '../support/provision.ts'
import { account, askQuery, eventAt, importEvents } from '../support/query-project.ts'

// RPT-08 (reports §7): properties that are worked out when they are asked for.

let lethe: Lethe
beforeAll(async () => {
  lethe = await startLethe({
    env: { LETHE_QUERY_PER_HOUR: '1000', LETHE_RETENTION_DAYS: '0', LETHE_EXPORT_PER_SECOND: '100' },
  })
  await importEvents(lethe, us.id, [
    eventAt('Ad', '2026-02-20T10:00:00Z', 'anna', { source: 'paper' }),
    eventAt('Ad', '2026-03-01T10:00:00Z', 'ben', { source: 'mail' }),
    eventAt('Ad', '2026-03-02T09:00:00Z', 'ben', { source: ['a', 'list'] }),
    eventAt('Buy', '2026-03-02T10:00:00Z', 'anna', { price: 10, count: 2, plan: 'PRO' }),
    eventAt('Buy', '2026-03-02T11:00:00Z', 'ben', { price: 30, count: 1, plan: 'free' }),
    eventAt('Look', '2026-03-02T12:00:00Z', 'anna', { price: 1, count: 1 }),
  ])
  const body = [
    ['anna', { age: 30 }],
    ['ben', { age: 41 }],
  ].map(([who, set]) => ({ $token: us.token, $distinct_id: who, $set: set }))
  expect((await lethe.post('/engage', { body })).text).toBe('1')
})
afterAll(() => lethe?.stop())

const base = `/api/app/projects/${us.id}`
const save = (definition: object, kind = 'custom-properties') =>
  lethe.post(`${base}/${kind}`, { headers: account, body: { name: 'It', definition } })
const made = async (definition: object, kind?: string): Promise<number> => {
  const answer = await save(definition, kind)
  expect([answer.status, answer.text]).toEqual([201, answer.text])
  return answer.json().results.id
}
const nameOf = (id: number) => `$custom_property:${id}`
const formula = async (text: string, more: object = {}) =>
  nameOf(await made({ type: 'formula', formula: text, ...more }))

const day = '2026-03-02'
const dates = { from_date: day, to_date: day }
const asked = async (name: string, values: Readonly<Record<string, string | number>>) => {
  const answer = await askQuery(lethe, us.id, name, values)
  expect([answer.status, answer.text]).toEqual([200, answer.text])
  return answer.json()
}
const countsBy = async (on: string, more: object = {}) => {
  const { data } = await asked('segmentation', { event: 'Buy', ...dates, on, ...more })
  return Object.fromEntries(
    Object.entries(data.values as Record<string, Record<string, number>>).map(([key, days]) => [key, days[day]]),
  )
}
const refusal = async (definition: object, kind?: string): Promise<string> => {
  const answer = await save(definition, kind)
  expect([answer.status, answer.text]).toEqual([400, answer.text])
  return answer.json().error
}

describe('a custom property', () => {
  it('is a formula that every question takes for a property', async () => {
    const total = await formula('properties["price"] * properties["count"]')
    expect(await countsBy(total)).toEqual({ 20: 1, 30: 1 })
    expect(await countsBy('plan', { where: `properties["${total}"] > 25` })).toEqual({ free: 1 })
    expect((await asked('segmentation/sum', { event: 'Buy', ...dates, on: total })).results).toEqual({ [day]: 50 })
    // Formulas do not look at the case of letters, and can be made of each other.
    const size = await formula(`if(properties["plan"] == "pro", "big", string(properties["${total}"]))`)
    expect(await countsBy(size)).toEqual({ big: 1, 30: 1 })
    const retained = await asked('retention', {
      ...dates,
      born_event: 'Buy',
      born_where: `properties["${size}"] == "big"`,
    })
    expect(retained[day]).toMatchObject({ first: 1 })
    const values = await asked('events/properties/values', { event: 'Buy', name: size })
    expect(values).toEqual([])
    const funnel = { steps: [{ event: 'Buy', where: `properties["${size}"] == "big"` }, { event: 'Look' }] }
    const funnel_id = await made(funnel, 'funnels')
    const funneled = await asked('funnels', { funnel_id, ...dates, on: size })
    expect(funneled.data[day].big.map(({ count }: { count: number }) => count)).toEqual([1, 1])
    const report = { type: 'insights', metrics: [{ event: 'Buy', math: 'max', property: total }], dates, chart: 'bar' }
    const bookmark_id = await made({ ...report, breakdowns: [{ property: size }] }, 'bookmarks')
    expect((await asked('insights', { bookmark_id })).series.Buy).toEqual({
      $overall: { all: 30 },
      30: { all: 30 },
      big: { all: 20 },
    })
    const where = encodeURIComponent(`properties["${size}"] == "big"`)
    const exported = await lethe.get(
      `/api/2.0/export?project_id=${us.id}&from_date=${day}&to_date=${day}&where=${where}`,
      {
        headers: account,
      },
    )
    expect(
      exported.text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).properties.distinct_id),
    ).toEqual(['anna'])
    const script = `function main() { return Events({ ...params, event_selectors: [{ event: 'Buy', selector: 'properties["${size}"] == "big"' }] }).map(e => e.distinct_id) }`
    const found = await lethe.post(`/api/query/jql?project_id=${us.id}`, {
      headers: { ...account, 'Content-Type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ script, params: JSON.stringify(dates) }).toString(),
    })
    expect(found.json()).toEqual(['anna'])
  })

  it('of users is there for profiles and cohorts as well', async () => {
    const decade = await formula('floor(properties["age"] / 10) * 10', { of: 'user' })
    expect(await countsBy(decade)).toEqual({ 30: 1, 40: 1 })
    const profiles = await asked('engage', { where: `properties["${decade}"] == 40` })
    expect(profiles.results.map(({ $distinct_id }: { $distinct_id: string }) => $distinct_id)).toEqual(['ben'])
    const conditions = [{ type: 'profile', where: `properties["${decade}"] == 30` }]
    const cohort = await made({ type: 'dynamic', condition: { type: 'group', operator: 'and', conditions } }, 'cohorts')
    const members = await asked('engage', { filter_by_cohort: JSON.stringify({ id: cohort }) })
    expect(members.total).toBe(1)
    const ofEvents = await formula('properties["price"]')
    const answer = await askQuery(lethe, us.id, 'engage', { where: `properties["${ofEvents}"] == 40` })
    expect([answer.status, answer.json().error]).toEqual([400, expect.stringContaining('cannot be asked of profiles')])
  })

  it('is borrowed from the last earlier event of a week, and in groups', async () => {
    const source = nameOf(await made({ type: 'borrowed', events: ['Ad'], property: 'source' }))
    // Of anna it was ten days ago; of ben the last one is a list.
    expect(await countsBy(source)).toEqual({ mail: 1, undefined: 1 })
    expect(await countsBy(source, { type: 'unique', where: `defined(properties["${source}"])` })).toEqual({ mail: 1 })
    const buckets = { type: 'varied', groups: [{ to: 20, label: 'cheap' }] }
    expect(await countsBy(await formula('properties["price"]', { buckets }))).toEqual({ cheap: 1, $other: 1 })
    const where = encodeURIComponent(`properties["${source}"] == "mail"`)
    const exported = await lethe.get(
      `/api/2.0/export?project_id=${us.id}&from_date=${day}&to_date=${day}&where=${where}`,
      {
        headers: account,
      },
    )
    expect(
      exported.text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).event),
    ).toEqual(['Ad', 'Buy'])
    expect(await refusal({ where: `properties["${source}"] == "mail"` }, 'data-views')).toContain('borrowed')
    const other = await formula(`properties["${source}"]`)
    expect(await refusal({ where: `defined(properties["${other}"])` }, 'data-views')).toContain('borrowed')
    expect(await refusal({ type: 'borrowed', property: other })).toContain('a property that is sent')
    for (let count = 1; count < 20; count += 1) await made({ type: 'borrowed', property: `p${count}` })
    expect(await refusal({ type: 'borrowed', property: 'more' })).toContain('at most 20')
  })

  it('is never part of itself', async () => {
    const first = await made({ type: 'formula', formula: 'properties["price"]' })
    const second = await made({ type: 'formula', formula: `properties["${nameOf(first)}"] + 1` })
    const change = (id: number, text: string) =>
      lethe.send('PATCH', `${base}/custom-properties/${id}`, {
        headers: account,
        body: { definition: { type: 'formula', formula: text } },
      })
    for (const [id, named] of [
      [first, first],
      [first, second],
    ] as const) {
      const answer = await change(id, `properties["${nameOf(named)}"]`)
      expect([answer.status, answer.json().error]).toEqual([400, 'a custom property cannot be part of itself'])
    }
    expect((await change(second, `properties["${nameOf(first)}"] + 2`)).status).toBe(200)
    expect(await countsBy(nameOf(second))).toEqual({ 12: 1, 32: 1 })
    expect((await lethe.send('DELETE', `${base}/custom-properties/${first}`, { headers: account })).status).toBe(200)
    const gone = await askQuery(lethe, us.id, 'segmentation', { event: 'Buy', ...dates, on: nameOf(second) })
    expect([gone.status, gone.json().error]).toEqual([400, `${nameOf(first)}: the project has no such custom property`])
  })

  it.each([
    [{ type: 'formula', formula: 'properties["x"' }, "'formula' is invalid"],
    [{ type: 'formula', formula: 'properties["$custom_property:99999"]' }, 'no custom property 99999'],
    [{ type: 'borrowed', property: 'x', events: ['$session_start'] }, 'that is sent'],
    [{ type: 'guess' }, 'type'],
  ])('is refused: %j', async (definition, sentence) => {
    expect(await refusal(definition)).toContain(sentence)
    expect(
      await refusal(
        { steps: [{ event: 'A', where: 'properties["$custom_property:99999"]' }, { event: 'B' }] },
        'funnels',
      ),
    ).toContain('no custom property 99999')
  })

  it('is for those who may define things', async () => {
    const headers = basic(consumerAccount.username, consumerAccount.secret)
    const body = { name: 'It', definition: { type: 'formula', formula: '1' } }
    expect((await lethe.post(`${base}/custom-properties`, { headers, body })).status).toBe(403)
    expect((await lethe.get(`${base}/custom-properties`, { headers })).status).toBe(200)
  })
})
