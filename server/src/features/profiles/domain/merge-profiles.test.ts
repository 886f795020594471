import { describe, expect, it } from 'vitest'
import { mergeProfiles } from './merge-profiles.ts'

const profile = (properties: Readonly<Record<string, string>>) => new Map(Object.entries(properties))

describe('merging profiles', () => {
  it('keeps what the first says, and fills in the rest in order', () => {
    const merged = mergeProfiles(profile({ a: '1', b: '1' }), [
      profile({ b: '2', c: '2' }),
      profile({ c: '3', d: '3' }),
    ])
    expect(Object.fromEntries(merged)).toEqual({ a: '1', b: '1', c: '2', d: '3' })
  })

  it('makes a profile also where the first person had none', () => {
    expect(Object.fromEntries(mergeProfiles(null, [profile({ a: '1' })]))).toEqual({ a: '1' })
  })

  it('never makes a profile that is too large to be changed afterwards', () => {
    const first = profile({ big: JSON.stringify('x'.repeat(700_000)) })
    const merged = mergeProfiles(first, [profile({ other: JSON.stringify('y'.repeat(700_000)), small: '1' })])
    expect([...merged.keys()]).toEqual(['big', 'small'])
    const many = new Map(Array.from({ length: 1_999 }, (_, at) => [`p${at}`, '1']))
    expect(mergeProfiles(many, [profile({ x: '1', y: '1' })]).size).toBe(2_000)
  })
})
