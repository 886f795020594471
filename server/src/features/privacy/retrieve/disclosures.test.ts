import { describe, expect, it } from 'vitest'
import { collectNames, collectSources } from './disclosures.ts'

async function* lines(...values: readonly object[]) {
  for (const value of values) yield JSON.stringify(value)
}

describe('CCPA categories', () => {
  it('are names of events and properties, sorted, and no value', async () => {
    const events = lines(
      { event: 'B', properties: { zeta: 'secret-1', alpha: { inner: 'secret-2' } } },
      { event: 'A', properties: { one: 'secret-3' } },
      { event: 'B', properties: { beta: ['secret-4'] } },
    )
    const profiles = lines({ $distinct_id: 'secret-5', $properties: { plan: 'secret-6' } })
    const names = await collectNames(events, profiles)
    expect(names).toEqual({
      event_names: ['A', 'B'],
      event_properties: { A: ['one'], B: ['alpha', 'beta', 'zeta'] },
      profile_properties: ['plan'],
    })
    expect(JSON.stringify(names)).not.toMatch(/secret|inner/)
  })

  it('survive names that are no ordinary ones', async () => {
    const names = await collectNames(
      lines({ event: '__proto__', properties: { constructor: 1 } }, { event: 5 }),
      lines({}),
    )
    expect(names.event_names).toEqual(['', '__proto__'])
    expect(Object.getOwnPropertyDescriptor(names.event_properties, '__proto__')?.value).toEqual(['constructor'])
  })
})

describe('CCPA sources', () => {
  it('group the events by the means of collection, with how many and when', async () => {
    const web = { mp_lib: 'web', utm_source: 'mail', price: 5, distinct_id: 'somebody' }
    const sources = await collectSources(
      lines(
        { event: 'A', properties: { ...web, $mp_api_timestamp_ms: 30 } },
        { event: 'B', properties: { $mp_api_timestamp_ms: 10, ...web } },
        { event: 'B', properties: { $import: true } },
      ),
    )
    expect(sources).toEqual([
      { source: { mp_lib: 'web', utm_source: 'mail' }, event_count: 2, first_received_ms: 10, last_received_ms: 30 },
      { source: { $import: true }, event_count: 1, first_received_ms: null, last_received_ms: null },
    ])
  })

  it('of nothing are none', async () => {
    expect(await collectSources(lines())).toEqual([])
  })
})
