import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { basic, type Lethe, startLethe } from '../support/lethe.ts'
import { exportEvents } from '../support/privacy-officer.ts'
import { adminAccount, us } from '../support/provision.ts'

// What the lexicon does to what comes in. Whoever changes it is obeyed from the next request on: nothing is waited for.

let lethe: Lethe
beforeAll(async () => {
  lethe = await startLethe()
})
afterAll(() => lethe?.stop())

const admin = basic(adminAccount.username, adminAccount.secret)
const path = `/api/app/projects/${us.id}/schemas`
const describeEvent = async (name: string, body: object): Promise<void> => {
  const answer = await lethe.post(`${path}/event/${encodeURIComponent(name)}`, { headers: admin, body })
  expect(answer.status).toBe(200)
}
const ours = (marks: object) => ({ metadata: { 'com.mixpanel': marks } })
const seconds = () => Math.floor(Date.now() / 1_000)
const anEvent = (event: string, properties: object = {}) => ({
  event,
  properties: { token: us.token, distinct_id: 'ada', time: seconds(), $insert_id: randomUUID(), ...properties },
})
const track = async (...events: readonly object[]): Promise<void> => {
  const answer = await lethe.post('/track', { body: events })
  expect([answer.status, answer.text]).toEqual([200, '1'])
}
const stored = async (event: string) => (await exportEvents(lethe, us)).filter((one) => one.event === event)

describe('a blocked event', () => {
  it('is taken and not kept, by either door, until it is unblocked; what is stored stays', async () => {
    await track(anEvent('Blocked'))
    await describeEvent('Blocked', ours({ dropped: true }))
    await track(anEvent('Blocked'), anEvent('Other'))
    const { token: _, ...properties } = anEvent('').properties
    const imported = await lethe.post(`/import?strict=1&project_id=${us.id}`, {
      headers: admin,
      body: [{ event: 'Blocked', properties }],
    })
    expect([imported.status, imported.json().num_records_imported]).toEqual([200, 1])
    expect([(await stored('Blocked')).length, (await stored('Other')).length]).toEqual([1, 1])
    await describeEvent('Blocked', ours({ dropped: null }))
    await track(anEvent('Blocked'))
    expect(await stored('Blocked')).toHaveLength(2)
    await describeEvent('Blocked', ours({ dropped: true }))
    await lethe.send('DELETE', `${path}/event/Blocked`, { headers: admin })
    await track(anEvent('Blocked'))
    expect(await stored('Blocked')).toHaveLength(3)
  })

  it('is counted as such', async () => {
    const counted = async () => /reason="blocked-event"\} (\d+)/.exec((await lethe.get('/metrics')).text)?.[1] ?? '0'
    await describeEvent('Counted', ours({ dropped: true }))
    const before = Number(await counted())
    await track(anEvent('Counted'))
    expect(Number(await counted())).toBe(before + 1)
  })
})

describe('a blocked property', () => {
  it('is taken out of the event that it was blocked in; an id never is', async () => {
    const blocked = { type: 'string', ...ours({ dropped: true }) }
    await describeEvent('Form', { properties: { card: blocked, distinct_id: blocked, kept: { type: 'string' } } })
    await track(anEvent('Form', { card: '4111', kept: 'k' }), anEvent('Other Form', { card: '4111' }))
    const [form] = await stored('Form')
    expect(form?.properties).toMatchObject({ kept: 'k', distinct_id: 'ada' })
    expect(form?.properties).not.toHaveProperty('card')
    expect((await stored('Other Form'))[0]?.properties).toMatchObject({ card: '4111' })
  })
})

describe('what is hidden or has another name', () => {
  it('is stored and exported as it came', async () => {
    await describeEvent('Hidden', {
      ...ours({ hidden: true, displayName: 'Shown' }),
      properties: { secret: { type: 'string', ...ours({ hidden: true, displayName: 'S' }) } },
    })
    await track(anEvent('Hidden', { secret: 'x' }))
    expect((await stored('Hidden'))[0]?.properties).toMatchObject({ secret: 'x' })
  })
})
