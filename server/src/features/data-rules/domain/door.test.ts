import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hmacSha256Hex } from '../../../kernel/hash.ts'
import { type JsonValue, parseJson } from '../../../kernel/json.ts'
import { type DataRules, noRules, type PropertyRule } from './data-rules.ts'
import { openDoor, type Passed } from './door.ts'

const hash = (text: string): string => hmacSha256Hex('key', text).slice(0, 32)
const silent = { gpc: false, dnt: false }
const door = (rules: Partial<DataRules>) => openDoor({ ...noRules, ...rules }, hash)
type Properties = Readonly<Record<string, JsonValue>>
const anEvent = (properties: Properties, event = 'Bought') => ({ event, properties })
const eventOf = (passed: Passed) => {
  if (passed.kind === 'drop') return passed.reason
  return (passed.record as { properties: Properties }).properties
}
const rule = (more: Partial<PropertyRule> & Pick<PropertyRule, 'do'>): PropertyRule => ({
  name: 'p',
  of: ['events', 'profiles'],
  ...more,
})

describe('no rules', () => {
  it('leave every record as it is, the very same', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (record) => {
        const sent = record as JsonValue
        expect(door({}).event(sent, { gpc: true, dnt: true })).toEqual({
          kind: 'pass',
          record: sent,
          isAnonymous: false,
        })
        const update = door({}).update(sent, { gpc: true, dnt: true })
        expect(update.kind === 'pass' && update.record).toBe(sent)
      }),
    )
  })
})

describe('blocked events', () => {
  it('are dropped, whatever is in them, also when their name is cut later', () => {
    const long = 'x'.repeat(255)
    const { event } = door({ blocked_events: ['Heartbeat', long] })
    expect(event(anEvent({}, 'Heartbeat'), silent)).toEqual({ kind: 'drop', reason: 'blocked-event' })
    expect(event(anEvent({}, `${long}y`), silent)).toEqual({ kind: 'drop', reason: 'blocked-event' })
    expect(event(anEvent({}, 'heartbeat'), silent).kind).toBe('pass')
  })

  it.each([undefined, null, 7, [], {}, { event: 7, properties: {} }, { event: 'Heartbeat' }])(
    'do not concern %j, which is no event',
    (record) => {
      expect(door({ blocked_events: ['Heartbeat'] }).event(record, silent)).toMatchObject({ kind: 'pass' })
    },
  )
})

describe('drop filters (PRIV-35)', () => {
  const rules: Partial<DataRules> = {
    drop_filters: [
      {
        event: 'Viewed',
        properties: [
          { name: 'env', values: ['test', 'staging'] },
          { name: 'n', values: [1, true, '1'] },
        ],
      },
    ],
  }
  it.each<readonly [Properties, boolean]>([
    [{ env: 'test', n: 1 }, true],
    [{ env: 'staging', n: '1' }, true],
    [{ env: ['prod', 'test'], n: true }, true],
    [{ env: 'test' }, false],
    [{ n: 1 }, false],
    [{ env: 'test', n: 2 }, false],
    [{ env: 'Test', n: 1 }, false],
    [{ env: { test: 'test' }, n: 1 }, false],
    [{ env: null, n: 1 }, false],
    [{ env: 'test', n: 'true' }, false],
  ])('take %j: %s (all properties, any of the values)', (properties, isDropped) => {
    const passed = door(rules).event(anEvent(properties, 'Viewed'), silent)
    expect(passed.kind).toBe(isDropped ? 'drop' : 'pass')
    expect(door(rules).event(anEvent(properties, 'Other'), silent).kind).toBe('pass')
  })

  it('know numbers that a double cannot hold from those that it can', () => {
    const sent = parseJson('{"event":"Viewed","properties":{"env":"test","n":1.0000000000000000001}}')
    expect(door(rules).event(sent, silent).kind).toBe('pass')
  })
})

describe('consent', () => {
  const property = { name: 'consent', values: ['no', false], policy: 'drop' } as const
  const consent = (more: Partial<DataRules['consent']>) => door({ consent: { ...noRules.consent, ...more } })
  const gpc = { gpc: true, dnt: false }
  const dnt = { gpc: false, dnt: true }

  it('is what the browser says, as the project wants it', () => {
    expect(eventOf(consent({ sec_gpc: 'drop' }).event(anEvent({}), gpc))).toBe('consent-gpc')
    expect(eventOf(consent({ dnt: 'drop' }).event(anEvent({}), dnt))).toBe('consent-dnt')
    expect(consent({ dnt: 'drop' }).event(anEvent({}), gpc).kind).toBe('pass')
    expect(consent({ sec_gpc: 'drop' }).event(anEvent({}), silent).kind).toBe('pass')
  })

  it('is what a property says', () => {
    for (const value of property.values) {
      expect(eventOf(consent({ property }).event(anEvent({ consent: value }), silent))).toBe('consent-property')
      for (const operation of ['$set', '$set_once']) {
        const update = { $distinct_id: 'u', [operation]: { consent: value, a: 1 } }
        expect(consent({ property }).update(update, silent)).toEqual({ kind: 'drop', reason: 'consent-property' })
      }
    }
    expect(consent({ property }).event(anEvent({ consent: 'yes' }), silent).kind).toBe('pass')
  })

  it('is the strictest of all that hold', () => {
    const both = consent({ sec_gpc: 'anonymise', dnt: 'store', property })
    expect(eventOf(both.event(anEvent({ consent: 'no' }), gpc))).toBe('consent-property')
    expect(both.event(anEvent({}), { gpc: true, dnt: true })).toMatchObject({ kind: 'pass', isAnonymous: true })
  })

  it('anonymises: no ids, no place, no names, pages without what follows them', () => {
    const sent = {
      token: 't',
      time: 1,
      $insert_id: 'i',
      distinct_id: 'ada',
      $device_id: 'd',
      $user_id: 'ada',
      $email: 'ada@example.org',
      'User-ID': 'ada',
      emailAddress: 'ada@example.org',
      ip: '203.0.113.9',
      $city: 'London',
      $latitude: 51.5,
      gclid: 'click',
      $current_url: 'https://shop.test/a?user=ada#ada',
      price: 3,
    }
    const passed = consent({ sec_gpc: 'anonymise' }).event(anEvent(sent), gpc)
    expect(passed).toMatchObject({ kind: 'pass', isAnonymous: true })
    expect({ ...(eventOf(passed) as object) }).toEqual({
      token: 't',
      time: 1,
      $insert_id: 'i',
      distinct_id: '',
      $current_url: 'https://shop.test/a',
      price: 3,
    })
  })

  it('drops, when it should anonymise, what only says who is who, and updates of profiles', () => {
    const { event, update } = consent({ sec_gpc: 'anonymise' })
    for (const name of ['$identify', '$create_alias', '$merge']) {
      expect(eventOf(event(anEvent({ $identified_id: 'a' }, name), gpc))).toBe('consent-gpc')
    }
    expect(update({ $distinct_id: 'u', $set: { a: 1 } }, gpc)).toEqual({ kind: 'drop', reason: 'consent-gpc' })
  })

  it('never stands in the way of what takes data away', () => {
    const { update } = consent({ sec_gpc: 'drop' })
    expect(update({ $distinct_id: 'u', $delete: '', $set: { a: 1 } }, gpc)).toEqual({
      kind: 'pass',
      record: { $distinct_id: 'u', $delete: '' },
      isAnonymous: true,
    })
    const rest = { $distinct_id: 'u', $unset: ['a'], $remove: { b: 1 } }
    expect(update(rest, gpc)).toMatchObject({ kind: 'pass', record: rest })
  })
})

describe('rules for properties', () => {
  const event = (rules: readonly PropertyRule[], properties: Properties, name?: string) =>
    eventOf(door({ properties: rules }).event(anEvent(properties, name), silent))

  it('drop', () => {
    expect({ ...(event([rule({ do: 'drop' })], { p: 'x', q: 1 }) as object) }).toEqual({ q: 1 })
  })

  it('hash: the same text for the same value of a project, whatever its type; lists by element', () => {
    const hashed = (value: JsonValue) => (event([rule({ do: 'hash' })], { p: value }) as Properties)['p']
    expect(hashed('ada')).toBe(hash('ada'))
    expect(hashed('ada')).toMatch(/^[0-9a-f]{32}$/)
    expect(hashed(5)).toBe(hashed('5'))
    expect(hashed(['ada', 5, null])).toEqual([hash('ada'), hash('5'), null])
    expect(hashed({ a: 'ada' })).toBe(hash('{"a":"ada"}'))
    expect(hashed(null)).toBeNull()
  })

  it.each<readonly [JsonValue, number, JsonValue]>([
    ['abcdef', 3, 'abc'],
    ['ab', 3, 'ab'],
    ['ß✓😀x', 3, 'ß✓😀'],
    [4_915_112_345, 4, '4915'],
    [12, 4, 12],
    [true, 2, true],
    [['abcdef', 1], 2, ['ab', 1]],
    [{ k: 'abcdef' }, 2, { k: 'ab' }],
    [null, 2, null],
  ])('truncate %j to %i characters: %j', (value, length, left) => {
    expect((event([rule({ do: 'truncate', length })], { p: value }) as Properties)['p']).toEqual(left)
  })

  it('hold for every event, or for the one named, one after the other', () => {
    const rules = [rule({ do: 'truncate', length: 3 }), rule({ do: 'hash', event: 'Bought' })]
    expect(event(rules, { p: 'abcdef' })).toMatchObject({ p: hash('abc') })
    expect(event(rules, { p: 'abcdef' }, 'Viewed')).toMatchObject({ p: 'abc' })
  })

  it('hold for profiles in every operation, and what they are not about stays', () => {
    const { update } = door({ properties: [rule({ do: 'hash', of: ['profiles'] })] })
    const sent = {
      $token: 't',
      $distinct_id: 'u',
      $set: { p: 'x', q: 'x' },
      $set_once: { p: 'x' },
      $append: { p: 'x' },
      $union: { p: ['x', 'y'] },
      $remove: { p: 'x' },
      $add: { p: 1, n: 2 },
      $unset: ['p'],
    }
    expect(plain(update(sent, silent))).toEqual({
      kind: 'pass',
      record: {
        ...sent,
        $set: { p: hash('x'), q: 'x' },
        $set_once: { p: hash('x') },
        $append: { p: hash('x') },
        $union: { p: [hash('x'), hash('y')] },
        $remove: { p: hash('x') },
        $add: { n: 2 },
      },
      isAnonymous: false,
    })
    expect(
      door({ properties: [rule({ do: 'drop', of: ['profiles'] })] }).event(anEvent({ p: 1 }), silent),
    ).toMatchObject({ record: anEvent({ p: 1 }) })
  })

  it('are not passed by a name that is cut to the ruled one, nor by depth', () => {
    const name = 'n'.repeat(255)
    expect(Object.values(event([rule({ name, do: 'drop' })], { [`${name}more`]: 'x' }) as object)).toEqual([])
    const deep = JSON.parse(`${'['.repeat(100_000)}"secret"${']'.repeat(100_000)}`) as JsonValue
    for (const what of [rule({ do: 'hash' }), rule({ do: 'truncate', length: 2 })]) {
      expect(() => event([what], { p: deep })).not.toThrow()
    }
  })

  it('let nothing of the ruled values through, wherever they are', () => {
    const secret = 'tell-nobody'
    const value = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.constant(secret),
        fc.integer(),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.string(), tie('value'), { maxKeys: 3 }),
      ),
    })).value
    const rules = (['drop', 'hash', 'truncate'] as const).map((what) =>
      rule({ name: what, do: what, ...(what === 'truncate' ? { length: 4 } : {}) }),
    )
    const { event: atDoor, update } = door({ properties: rules })
    fc.assert(
      fc.property(value, fc.constantFrom('drop', 'hash', 'truncate'), (sent, name) => {
        const properties = { [name]: sent as JsonValue, other: 1 }
        const operations = Object.fromEntries(
          ['$set', '$set_once', '$append', '$union', '$remove'].map((operation) => [operation, properties]),
        )
        expect(JSON.stringify(atDoor(anEvent(properties), silent))).not.toContain(secret)
        expect(JSON.stringify(update({ $distinct_id: 'u', ...operations }, silent))).not.toContain(secret)
      }),
    )
  })
})

/** Without the prototypes, which rules leave off. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
