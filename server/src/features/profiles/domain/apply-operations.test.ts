import { describe, expect, it } from 'vitest'
import { type JsonValue, parseJson } from '../../../kernel/json.ts'
import { applyOperations, type ProfileProperties } from './apply-operations.ts'
import { checkUpdate } from './profile-update.ts'

const receivedAtMs = Date.UTC(2026, 5, 1, 12, 30, 15, 500)
const lastSeen = '"2026-06-01T12:30:15"'

/** Applies records one after the other to a profile given as JSON text by name; `$last_seen` is left out of the result. */
const apply = (before: Record<string, string> | null, ...records: readonly JsonValue[]) => {
  let profile: ProfileProperties | null = before === null ? null : new Map(Object.entries(before))
  let fault: string | null = null
  for (const record of records) {
    const checked = checkUpdate({ $distinct_id: 'u', ...(record as object) } as JsonValue, receivedAtMs)
    const outcome = checked.kind === 'accept' ? applyOperations(profile, checked.value) : checked
    if (outcome.kind === 'accept') profile = outcome.value
    else fault = outcome.reason
  }
  const { $last_seen: seen, ...properties } = Object.fromEntries(profile ?? [])
  return { properties: profile === null ? null : properties, seen, fault }
}

describe('operations', () => {
  it.each<readonly [string, Record<string, string> | null, JsonValue, Record<string, string> | null]>([
    ['$set makes a profile', null, { $set: { a: 1 } }, { a: '1' }],
    ['$set overwrites', { a: '1', b: '2' }, { $set: { a: 'x' } }, { a: '"x"', b: '2' }],
    ['an empty $set makes a profile', null, { $set: {} }, {}],
    ['$set_once writes what is absent', { a: '1' }, { $set_once: { a: 2, b: 3 } }, { a: '1', b: '3' }],
    ['$add adds', { n: '5' }, { $add: { n: -2, m: 1.5 } }, { n: '3', m: '1.5' }],
    ['$add makes a profile', null, { $add: { n: 2 } }, { n: '2' }],
    ['$add counts null as absent', { n: 'null' }, { $add: { n: 2 } }, { n: '2' }],
    ['$add stays exact', { n: '9007199254740993' }, { $add: { n: 1 } }, { n: '9007199254740994' }],
    [
      '$union adds what is missing, in order',
      { l: '["a"]' },
      { $union: { l: ['b', 'a', 'b', 1] } },
      { l: '["a","b",1]' },
    ],
    ['$union takes a scalar', null, { $union: { l: 'a' } }, { l: '["a"]' }],
    ['$union makes a list of what is none', { l: '"a"' }, { $union: { l: ['b'] } }, { l: '["a","b"]' }],
    ['$append keeps duplicates', { l: '["a"]' }, { $append: { l: 'a' } }, { l: '["a","a"]' }],
    ['$append makes a list', null, { $append: { l: 1 } }, { l: '[1]' }],
    [
      '$append of a charge',
      null,
      { $append: { $transactions: { $amount: 9.99 } } },
      { $transactions: '[{"$amount":9.99}]' },
    ],
    ['$set clears charges', { $transactions: '[1]' }, { $set: { $transactions: [] } }, { $transactions: '[]' }],
    ['$remove takes every equal element', { l: '["a","b","a"]' }, { $remove: { l: 'a' } }, { l: '["b"]' }],
    ['$remove of what is no list', { l: '"a"' }, { $remove: { l: 'a' } }, { l: '"a"' }],
    ['$remove makes no profile', null, { $remove: { l: 'a' } }, null],
    ['$unset drops', { a: '1', b: '2' }, { $unset: ['a', 'x'] }, { b: '2' }],
    ['$unset makes no profile', null, { $unset: ['a'] }, null],
    ['$delete ends the profile', { a: '1' }, { $delete: '' }, null],
    ['$delete by null', { a: '1' }, { $delete: null }, null],
    ['$delete of nobody', null, { $delete: 'null' }, null],
    ['an address is not kept', null, { $set: { $ip: '192.0.2.7', a: 1 }, $ip: '192.0.2.7' }, { a: '1' }],
    [
      'modifiers are not kept',
      null,
      { $set: { a: 1 }, $latitude: 1.5, $time: 5, $device_id: 'D', $user_id: 'U' },
      { a: '1' },
    ],
    ['strings are shortened', null, { $set: { s: 'é'.repeat(200) } }, { s: JSON.stringify('é'.repeat(127)) }],
    ['exact numbers', null, parseJson('{"$set":{"n":12345678901234567890}}'), { n: '12345678901234567890' }],
    [
      'several in one record, in the documented order',
      { old: '1' },
      {
        $set: { a: 1 },
        $delete: '',
        $add: { a: 2 },
        $unset: ['a'],
        $append: { l: 'x' },
        $union: { l: ['x'] },
        $remove: { l: 'y' },
      },
      { a: '3', l: '["x","x"]' },
    ],
  ])('%s', (_name, before, record, after) => {
    expect(apply(before, record)).toMatchObject({ properties: after, fault: null })
  })

  it.each<readonly [string, JsonValue, string]>([
    ['$add to text', { $add: { s: 1 } }, 'not-a-number'],
    ['$add to a list', { $set: { b: 1 }, $add: { l: 1 } }, 'not-a-number'],
    ['$add of text', { $add: { n: '1' } }, 'operation-malformed'],
    ['$set of a list', { $set: [1] }, 'operation-malformed'],
    ['$unset of an object', { $unset: { a: 1 } }, 'operation-malformed'],
    ['$unset of numbers', { $unset: [1] }, 'operation-malformed'],
    ['no operation', { $token: 't' }, 'operation-missing'],
    ['no id', { $set: { a: 1 }, $distinct_id: '' }, 'distinct-id-missing'],
    ['an id in a list', { $set: { a: 1 }, $distinct_id: ['u'] }, 'distinct-id-missing'],
    ['a list over 256 KB', { $set: { big: Array(2_000).fill('x'.repeat(200)) } }, 'value-too-large'],
    ['a record over 1 MB', { $set: { big: 'x'.repeat(1_000_001) } }, 'record-too-large'],
    ['nesting without end', { $set: { deep: parseJson(`${'['.repeat(40)}${']'.repeat(40)}`) } }, 'operation-malformed'],
  ])('%s changes nothing', (_name, record, reason) => {
    const before = { s: '"x"', l: '[1]', n: '1' }
    expect(apply(before, record)).toEqual({ properties: before, seen: undefined, fault: reason })
  })

  it('ignores names over 2,000, but still changes those that are there', () => {
    const many = Object.fromEntries(Array.from({ length: 2_005 }, (_, at) => [`p${at}`, at]))
    const { properties } = apply(null, { $set: many }, { $set: { p0: 'new', late: 1 } })
    expect(Object.keys(properties ?? {}).length).toBe(2_000)
    expect(properties).toMatchObject({ p0: '"new"' })
    expect(properties).not.toHaveProperty('late')
  })

  it('does not let a profile grow without bound', () => {
    const list = Array(1_000).fill('x'.repeat(200))
    const records = Array.from({ length: 10 }, (_, at) => ({ $set: { [`big${at}`]: list } }))
    expect(apply(null, ...records).fault).toBe('profile-too-large')
  })
})

describe('$last_seen', () => {
  it('is the time of the update', () => {
    expect(apply(null, { $set: { a: 1 } }).seen).toBe(lastSeen)
  })
  it.each([true, 'true'])('stays with $ignore_time %s', (mark) => {
    expect(apply({ $last_seen: '"2020-01-01T00:00:00"' }, { $set: { a: 1 }, $ignore_time: mark }).seen).toBe(
      '"2020-01-01T00:00:00"',
    )
  })
  it('can be set', () => {
    expect(apply(null, { $set: { $last_seen: '2021-02-03T04:05:06' } }).seen).toBe('"2021-02-03T04:05:06"')
  })
})
