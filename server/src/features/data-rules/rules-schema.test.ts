import { describe, expect, it } from 'vitest'
import { noRules } from './domain/data-rules.ts'
import { readChange, readRules } from './rules-schema.ts'

const filter = { event: 'Viewed', properties: [{ name: 'env', values: ['test'] }] }

describe('rules as they are sent', () => {
  it('are none when nothing is said', () => {
    expect(readRules({}).value).toEqual(noRules)
  })

  it('may be sent back as they were answered', () => {
    const { value } = readChange({ ...noRules, blocked_events: ['A'], version: 4, updated_at: '2026-01-01T00:00:00Z' })
    expect(value).toEqual({ rules: { ...noRules, blocked_events: ['A'] }, version: 4 })
    expect(readRules({ ...noRules, version: 4 }).faults).toHaveLength(1)
  })

  it.each<readonly [unknown, string]>([
    [null, ''],
    [{ colour: 'red' }, 'colour'],
    [{ drop_filters: Array(16).fill(filter) }, 'at most 15'],
    [{ drop_filters: [{ event: 'Viewed', properties: [] }] }, 'block it'],
    [{ drop_filters: [{ ...filter, properties: [{ name: 'env', values: [] }] }] }, 'at least one value'],
    [{ drop_filters: [{ ...filter, properties: [{ name: 'distinct_id', values: ['u'] }] }] }, 'whose the record is'],
    [{ properties: [{ name: '$user_id', do: 'hash' }] }, 'whose the record is'],
    [{ properties: [{ name: 'p', do: 'truncate' }] }, 'belongs to truncate'],
    [{ properties: [{ name: 'p', do: 'drop', length: 3 }] }, 'belongs to truncate'],
    [{ properties: [{ name: 'p', do: 'encrypt' }] }, 'drop, hash, truncate'],
    [{ properties: [{ name: 'p', do: 'drop', of: [] }] }, 'of'],
    [{ consent: { sec_gpc: 'ask' } }, 'store, anonymise, drop'],
    [{ consent: { property: { name: 'c', values: [{}], policy: 'drop' } } }, 'a text, a number'],
    [{ blocked_events: ['é'.repeat(128)] }, '255 bytes'],
    [{ blocked_events: [''] }, 'empty'],
  ])('are refused: %j', (sent, said) => {
    expect(readRules(sent).faults.join()).toContain(said)
    expect(readRules(sent).faults).not.toHaveLength(0)
  })
})
