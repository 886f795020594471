import { describe, expect, it } from 'vitest'
import { dayMs, makeCrowd, makeSubject } from './people.ts'

const nowMs = Date.UTC(2026, 5, 1)
const options = { seed: 1, region: 'EU', peopleCount: 20, historyCount: 300, recentCount: 40, nowMs } as const

describe('the crowd', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(makeCrowd(options)).toEqual(makeCrowd(options))
    expect(makeCrowd({ ...options, seed: 2 }).people).not.toEqual(makeCrowd(options).people)
  })

  it('fits the surfaces: /import takes the old events, /track none older than five days, neither the future', () => {
    const { history, recent } = makeCrowd(options)
    const ages = (events: typeof history) => events.map(({ properties }) => nowMs / 1_000 - Number(properties['time']))
    const day = dayMs / 1_000
    expect(history).toHaveLength(300)
    expect(recent).toHaveLength(40)
    expect(Math.max(...ages(history))).toBeLessThan(61 * day)
    expect(Math.max(...ages(recent))).toBeLessThan(5 * day)
    expect(Math.min(...ages(recent), ...ages(history))).toBeGreaterThanOrEqual(0)
  })

  it('knows a person by a device until they sign up, by both from then on', () => {
    const { people, history } = makeCrowd(options)
    for (const { properties } of history) {
      const person = people.find(({ deviceIds }) => deviceIds.includes(String(properties['$device_id'])))
      const isKnown = properties['$user_id'] !== undefined
      expect(properties['distinct_id']).toBe(isKnown ? person?.userId : `$device:${String(properties['$device_id'])}`)
      expect(Number(properties['time']) * 1_000 >= (person?.signUpAtMs ?? 0) - 1_000).toBe(isKnown)
    }
  })

  it('says nothing that the subject alone says', () => {
    const subject = makeSubject(3, nowMs)
    const others = JSON.stringify(makeCrowd(options))
    const own = JSON.stringify([subject.profile, subject.events, subject.userId])
    for (const text of Object.values(subject.canaries)) {
      expect(others).not.toContain(text)
      expect(own).toContain(text)
    }
  })
})
