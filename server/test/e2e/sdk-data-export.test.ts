import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { basic, type Lethe, startLethe } from '../support/lethe.ts'
import { adminAccount, eu, us } from '../support/provision.ts'
import { certificateFile, openTlsHost, type TlsHost } from '../support/tls-host.ts'

// The `mixpanel-data-export` package, unchanged. It knows the hosts of the US only. Who runs a region elsewhere lets
// those names mean that region, by DNS and by setting.

const day = '2024-03-05'
const dates = { from_date: '2024-03-04', to_date: '2024-03-06' }
const at = (hour: number, onDay = day) => Date.parse(`${onDay}T${String(hour).padStart(2, '0')}:30:00Z`) / 1_000

let insertIds = 0
const anEvent = (event: string, distinctId: string, time: number, properties: object = {}) => {
  insertIds += 1
  return { event, properties: { time, distinct_id: distinctId, $insert_id: `exported-${insertIds}`, ...properties } }
}
const people = ['ada', 'bo', 'cy']
const events = [
  ...people.map((id, n) => anEvent('Open', id, at(9 + n), { plan: n === 0 ? 'pro' : 'free', amount: n + 1 })),
  anEvent('Buy', 'ada', at(12), { amount: 10 }),
  anEvent('Buy', 'bo', at(13), { amount: 30 }),
  anEvent('Buy', 'bo', at(10, '2024-03-06'), { amount: 5 }),
]
// What some calls answer is of the last 31 days.
const today = [anEvent('Come back', 'cy', Math.floor(Date.now() / 1_000) - 1, { plan: 'pro', amount: 1 })]

const program = fileURLToPath(new URL('../support/tls-host-data-export.ts', import.meta.url))

describe.each([
  ['US', us, eu, 'eu.mixpanel.com', {}],
  [
    'EU',
    eu,
    us,
    'us.lethe.localhost',
    { LETHE_US_HOSTS: 'us.lethe.localhost', LETHE_EU_HOSTS: 'mixpanel.com,data.mixpanel.com' },
  ],
] as const)('mixpanel-data-export, region %s', (_region, project, elsewhere, rightHost, env) => {
  let lethe: Lethe
  let front: TlsHost
  const account = { headers: basic(adminAccount.username, adminAccount.secret) }
  const insist = async (sent: Promise<{ readonly status: number; readonly text: string }>): Promise<void> => {
    const { status, text: said } = await sent
    if (status > 201) throw new Error(`${status} ${said}`)
  }
  let funnelId = 0

  beforeAll(async () => {
    lethe = await startLethe({ env })
    front = await openTlsHost(lethe.port)
    await insist(lethe.post(`/import?strict=1&project_id=${project.id}`, { ...account, body: [...events, ...today] }))
    const profiles = people.map((id) => ({ $token: project.token, $distinct_id: id, $set: { $name: id } }))
    await insist(lethe.post('/engage', { body: profiles }))
    const made = await lethe.post(`/api/app/projects/${project.id}/funnels`, {
      ...account,
      body: { name: 'Sale', definition: { steps: [{ event: 'Open' }, { event: 'Buy' }], length: 7 } },
    })
    expect([made.status, made.text]).toEqual([expect.any(Number), expect.stringContaining('"ok"')])
    funnelId = made.json().results.id
  })
  afterAll(async () => {
    await front?.close()
    await lethe?.stop()
  })

  type Call = readonly [method: string, parameters: object]
  const call = async (calls: readonly Call[], secret: string = project.secret): Promise<readonly unknown[]> => {
    const args = ['--no-warnings', program, String(front.port), secret, JSON.stringify(calls)]
    const child = spawn(process.execPath, args, {
      env: { PATH: '/usr/bin:/bin', NODE_EXTRA_CA_CERTS: certificateFile },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 40_000,
    })
    const [output, complaints] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
    const result = /^result (.*)$/m.exec(output)?.[1]
    if (result === undefined) throw new Error(`mixpanel-data-export gave no result:\n${output}\n${complaints}`)
    return JSON.parse(result)
  }

  it('exports every event, and those with a name and a property', async () => {
    const filter = { ...dates, event: ['Buy'], where: 'properties["amount"] > 9' }
    const [all, some] = await call([
      ['export', dates],
      ['export', filter],
    ])
    expect(all).toHaveLength(events.length)
    expect(some).toHaveLength(2)
    expect([...new Set(front.serverNames)]).toEqual(['data.mixpanel.com'])
  })

  it('counts events and their properties', async () => {
    const byDay = { ...dates, type: 'general', unit: 'day' }
    const [counts, top, names, properties, topProperties, values, csv] = await call([
      ['events', { ...byDay, event: ['Open', 'Buy'] }],
      ['topEvents', { type: 'general' }],
      ['eventNames', { type: 'general' }],
      ['eventProperties', { ...byDay, event: 'Open', name: 'plan' }],
      ['topEventProperties', { event: 'Come back' }],
      ['eventPropertyValues', { event: 'Come back', name: 'plan' }],
      ['events', { ...byDay, event: ['Open'], format: 'csv' }],
    ])
    expect(counts).toMatchObject({
      data: {
        values: { Open: { '2024-03-04': 0, '2024-03-05': 3 }, Buy: { '2024-03-05': 2, '2024-03-06': 1 } },
      },
    })
    expect(top).toMatchObject({ events: [{ amount: 1, event: 'Come back', percent_change: 1 }], type: 'general' })
    expect(names).toEqual(['Come back'])
    expect(properties).toMatchObject({ data: { values: { free: { '2024-03-05': 2 }, pro: { '2024-03-05': 1 } } } })
    expect(topProperties).toMatchObject({ plan: { count: 1 }, amount: { count: 1 } })
    expect(values).toEqual(['pro'])
    expect(csv).toContain('2024-03-05')
  })

  it('segments', async () => {
    const numeric = { ...dates, event: 'Buy', on: 'properties["amount"]' }
    const [segments, buckets, sum, average] = await call([
      ['segmentation', { ...dates, event: 'Open', type: 'unique', on: 'properties["plan"]' }],
      ['numericSegmentation', numeric],
      ['sumSegmentation', numeric],
      ['averageSegmentation', numeric],
    ])
    expect(segments).toMatchObject({ data: { values: { free: { [day]: 2 }, pro: { [day]: 1 } } }, legend_size: 2 })
    expect(buckets).toMatchObject({ data: { series: expect.arrayContaining([day]) } })
    expect(sum).toMatchObject({ status: 'ok', results: { [day]: 40, '2024-03-06': 5 } })
    expect(average).toMatchObject({ status: 'ok', results: { [day]: 20, '2024-03-06': 5 } })
  })

  it('asks for funnels, retention and how often people come', async () => {
    const born = { ...dates, born_event: 'Open', event: 'Buy', unit: 'day' }
    const [list, funnel, retention, addiction] = await call([
      ['listFunnels', {}],
      ['funnels', { ...dates, funnel_id: funnelId, interval: 3 }],
      ['retention', born],
      ['addiction', { ...dates, unit: 'day', addiction_unit: 'hour', event: 'Open' }],
    ])
    expect(list).toEqual([{ funnel_id: funnelId, name: 'Sale' }])
    const [steps] = Object.values((funnel as { data: Record<string, { steps: { count: number }[] }> }).data)
    expect(steps?.steps.map(({ count }) => count)).toEqual([3, 2])
    expect(retention).toMatchObject({ [day]: { first: 3, counts: [2, 1] } })
    expect(addiction).toMatchObject({ data: { [day]: expect.arrayContaining([3]) } })
  })

  it('reads profiles', async () => {
    const [found] = await call([['engage', { where: 'properties["$name"] == "bo"' }]])
    expect(found).toMatchObject({
      total: 1,
      results: [{ $distinct_id: 'bo', $properties: { $name: 'bo', $last_seen: expect.any(String) } }],
    })
  })

  it('keeps notes', async () => {
    const [made] = await call([['createAnnotation', { date: `${day} 10:00:00`, description: 'Launch' }]])
    const { id } = made as { id: number }
    const [, listed] = await call([
      ['updateAnnotation', { id, date: `${day} 10:00:00`, description: 'Launched' }],
      ['annotations', dates],
    ])
    const note = { date: `${day} 10:00:00`, project_id: project.id, id, description: 'Launched' }
    expect(listed).toEqual({ annotations: [note], error: false })
    const [removed, left] = await call([
      ['deleteAnnotation', { id }],
      ['annotations', dates],
    ])
    expect([removed, left]).toEqual([{ error: false }, { annotations: [], error: false }])
  })

  it('is told what is wrong, and where the data of another region is', async () => {
    const [bad] = await call([['segmentation', { ...dates, event: 'Open', where: 'properties[' }]])
    expect(bad).toMatchObject({ error: expect.stringMatching(/column \d+/) })
    const [wrong] = await call([['segmentation', { ...dates, event: 'Open' }]], 'f'.repeat(32))
    expect(wrong).toMatchObject({ error: expect.any(String), status: 'error' })
    const [stray] = await call([['segmentation', { ...dates, event: 'Open' }]], elsewhere.secret)
    expect(stray).toMatchObject({ error: expect.stringContaining(rightHost) })
  })
})
