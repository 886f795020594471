import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type JsonValue, parseJson } from '../../../kernel/json.ts'
import { resolveSimplified } from '../../identity/index.ts'
import {
  acceptEvent,
  type EventOutcome,
  faultWithoutProject,
  lenientImportSteps,
  serverPropertiesText,
  strictImportSteps,
  trackSteps,
} from './accept-event.ts'
import type { Step, StepContext } from './event-draft.ts'

const nowMs = Date.UTC(2026, 5, 1, 12)
const dayMs = 86_400_000
const context: StepContext = {
  projectId: 1001,
  nowMs,
  serverPropertiesText: serverPropertiesText('api.example.test', nowMs - 5, nowMs, false),
  resolveIds: resolveSimplified,
  joiningEvents: new Map(),
  anonymousId: null,
  newInsertId: () => 'made-up',
  placeOf: null,
  hotness: null,
}

type Properties = Readonly<Record<string, JsonValue>>
const base: Properties = { token: 't', time: nowMs / 1_000, distinct_id: 'u1', $insert_id: 'i-1' }
const anEvent = (properties: Properties = {}, event: JsonValue = 'E'): JsonValue => ({
  event,
  properties: { ...base, ...properties },
})
const without = (name: string, more: Properties = {}): JsonValue => {
  const { [name]: _, ...properties } = { ...base, ...more }
  return { event: 'E', properties }
}

interface Row {
  readonly event: string
  readonly time: string
  readonly distinct_id: string
  readonly insert_id: string
  readonly properties: Readonly<Record<string, string>>
}
const rowOf = (outcome: EventOutcome): Row => {
  if (outcome.kind !== 'accept') throw new Error(`not accepted: ${JSON.stringify(outcome)}`)
  return JSON.parse(outcome.value.row) as Row
}
const track = (record: JsonValue | undefined, more: Partial<StepContext> = {}) =>
  acceptEvent(trackSteps, record, { ...context, ...more })
const strict = (record: JsonValue | undefined) => acceptEvent(strictImportSteps, record, context)
const lenient = (record: JsonValue | undefined, more: Partial<StepContext> = {}) =>
  acceptEvent(lenientImportSteps, record, { ...context, ...more })

const nested = (levels: number): JsonValue => (levels === 0 ? 1 : { a: nested(levels - 1) })
const keys = (count: number): Properties => Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, at]))

describe('what is rejected, and how it is said', () => {
  const both: readonly (readonly [string, JsonValue | undefined, string, string])[] = [
    ['a line that is no JSON', undefined, 'not-json', 'record'],
    ['a record that is no object', 7, 'not-an-object', 'record'],
    ['no event name', { properties: base }, 'event-missing', 'event'],
    ['an empty event name', anEvent({}, ''), 'event-missing', 'event'],
    ['no properties', { event: 'E' }, 'properties-missing', 'properties'],
    ['properties in a list', { event: 'E', properties: [] }, 'properties-missing', 'properties'],
    ['time that is a word', anEvent({ time: 'noon' }), 'time-not-a-number', 'properties.time'],
    ['time that is an object', anEvent({ time: {} }), 'time-not-a-number', 'properties.time'],
    [
      'time beyond a double',
      parseJson('{"event":"E","properties":{"time":1e400}}'),
      'time-not-a-number',
      'properties.time',
    ],
    ['time before 1971', anEvent({ time: 31_535_999 }), 'time-before-1971', 'properties.time'],
    ['time over an hour ahead', anEvent({ time: nowMs + 3_600_001 }), 'time-in-future', 'properties.time'],
    ['256 properties', anEvent(keys(256)), 'too-many-properties', 'properties'],
    ['256 keys in an object', anEvent({ o: keys(256) }), 'object-too-wide', 'properties.o'],
    ['an object four deep', anEvent({ o: nested(4) }), 'object-too-deep', 'properties.o'],
    ['lists in lists without end', anEvent({ o: [[[[[[[1]]]]]]] }), 'object-too-deep', 'properties.o'],
    ['256 elements', anEvent({ l: Array(256).fill(1) }), 'array-too-long', 'properties.l'],
    ['a list over 8 KB', anEvent({ l: Array(50).fill('x'.repeat(250)) }), 'value-too-large', 'properties.l'],
    ['an event of 1 MB', anEvent({ s: 'x'.repeat(1_000_000) }), 'event-too-large', 'event'],
  ]
  const strictOnly: typeof both = [
    ['no time', without('time'), 'time-missing', 'properties.time'],
    ['no distinct_id', without('distinct_id'), 'distinct-id-missing', 'properties.distinct_id'],
    ['a distinct_id in a list', anEvent({ distinct_id: ['u'] }), 'distinct-id-not-a-string', 'properties.distinct_id'],
    ['no $insert_id', without('$insert_id'), 'insert-id-missing', 'properties.$insert_id'],
    ['an $insert_id of 37', anEvent({ $insert_id: 'a'.repeat(37) }), 'insert-id-malformed', 'properties.$insert_id'],
    ['an $insert_id with _', anEvent({ $insert_id: 'a_b' }), 'insert-id-malformed', 'properties.$insert_id'],
    ['a placeholder $insert_id', anEvent({ $insert_id: 'undefined' }), 'insert-id-malformed', 'properties.$insert_id'],
    ['broken text', anEvent({ utm_source: 'a\udfff' }), 'invalid-utf8', 'properties.utm_source'],
    ['broken text in a list', anEvent({ l: [{ a: '\ud800' }] }), 'invalid-utf8', 'properties.l'],
    ['a broken name', anEvent({ '\ud800': 1 }), 'invalid-utf8', 'properties.\ufffd'],
    ['a broken id', anEvent({ distinct_id: 'a\ud800' }), 'invalid-utf8', 'properties.distinct_id'],
    ['a broken event name', anEvent({}, 'a\ud800'), 'invalid-utf8', 'event'],
  ]
  const check = (outcome: EventOutcome, reason: string, field: string) => {
    expect(outcome).toMatchObject({ kind: 'reject', reason, field })
    if (outcome.kind !== 'reject') return
    const wanted =
      reason === 'invalid-utf8' ? `${field} is invalid: string should be valid utf8` : `'${field}' is invalid: `
    expect(outcome.message.startsWith(wanted)).toBe(true)
  }

  it.each(both)('/track: %s', (_name, record, reason, field) => check(track(record), reason, field))
  it.each([...both, ...strictOnly])('/import: %s', (_name, record, reason, field) =>
    check(strict(record), reason, field),
  )

  it('uses the documented text for time', () => {
    expect(strict(anEvent({ time: 'x' }))).toMatchObject({
      message: "'properties.time' is invalid: must be specified as seconds since epoch",
    })
  })

  it.each(['anon', 'Undefined', 'NULL', '0', '-1', '[]', '00000000-0000-0000-0000-000000000000'])(
    '/import: %s is nobody',
    (id) => {
      expect(strict(anEvent({ distinct_id: id }))).toMatchObject({ reason: 'distinct-id-not-a-person' })
      expect(strict(anEvent({ distinct_id: `${id}x` })).kind).toBe('accept')
    },
  )

  it('tells records without a project what is wrong with them', () => {
    expect(faultWithoutProject(undefined, false).reason).toBe('not-json')
    expect(faultWithoutProject(anEvent(), false).reason).toBe('token-missing')
    expect(faultWithoutProject(anEvent(), true).reason).toBe('too-many-tokens')
  })
})

describe('what is silently dropped', () => {
  it('an event marked $ignore, but not by an empty mark', () => {
    const dropped = { kind: 'drop', reason: 'ignored' }
    for (const steps of [track, strict, lenient]) {
      expect(steps(anEvent({ $ignore: true }))).toEqual(dropped)
      expect(steps(anEvent({ $ignore: 'yes' }))).toEqual(dropped)
      expect(steps(anEvent({ $ignore: '' })).kind).toBe('accept')
      expect(steps(anEvent({ $ignore: false })).kind).toBe('accept')
    }
  })

  it('on /track an event older than five days; /import takes it', () => {
    const old = anEvent({ time: nowMs - 5 * dayMs - 1 })
    expect(track(old)).toEqual({ kind: 'drop', reason: 'older-than-five-days' })
    expect(track(anEvent({ time: nowMs - 5 * dayMs })).kind).toBe('accept')
    expect(strict(old).kind).toBe('accept')
    expect(strict(anEvent({ time: 31_536_000 })).kind).toBe('accept')
  })
})

describe('time', () => {
  it.each([
    ['whole seconds', 1_780_000_000, '1780000000.000'],
    ['float seconds', 1_780_000_000.311, '1780000000.311'],
    ['milliseconds', 1_780_000_000_042, '1780000000.042'],
    ['text of digits', '1780000000', '1780000000.000'],
  ])('%s', (_name, time, stored) => {
    expect(rowOf(strict(anEvent({ time }))).time).toBe(stored)
  })

  it('is now on /track without one, and for the near future', () => {
    const now = `${nowMs / 1_000}.000`
    expect(rowOf(track(without('time'))).time).toBe(now)
    expect(rowOf(track(anEvent({ time: nowMs + 3_000_000 }))).time).toBe(now)
  })
})

describe('ids', () => {
  it('takes numbers as text, and an empty id as nobody', () => {
    expect(rowOf(strict(anEvent({ distinct_id: 7 }))).distinct_id).toBe('7')
    expect(
      rowOf(
        strict(
          parseJson(
            '{"event":"E","properties":{"time":1780000000,"$insert_id":"i","distinct_id":12345678901234567890}}',
          ),
        ),
      ).distinct_id,
    ).toBe('12345678901234567890')
    expect(rowOf(strict(anEvent({ distinct_id: '' }))).distinct_id).toBe('')
  })

  it('makes an anonymous id only where the surface allows it', () => {
    const anonymousId = () => 'hash'
    expect(rowOf(track(without('distinct_id'))).distinct_id).toBe('')
    expect(rowOf(track(without('distinct_id'), { anonymousId })).distinct_id).toBe('hash')
    expect(rowOf(lenient(without('distinct_id'), { anonymousId })).distinct_id).toBe('hash')
    expect(rowOf(track(anEvent({ distinct_id: '' }), { anonymousId })).distinct_id).toBe('')
  })

  it('links a device to its user, but never to a placeholder', () => {
    const linked = track(anEvent({ $device_id: 'D', $user_id: 'U' }))
    expect(linked).toMatchObject({ value: { link: { from: '$device:D', to: 'U' }, distinctId: 'U', deviceId: 'D' } })
    for (const ids of [
      { $device_id: 'D', $user_id: 'undefined' },
      { $device_id: 'null', $user_id: 'U' },
    ]) {
      expect(track(anEvent(ids))).toMatchObject({ kind: 'accept', value: { link: null } })
    }
  })

  it('makes an insert id where none is usable, the same one for the same malformed one', () => {
    const idOf = (id: JsonValue) => rowOf(track(anEvent({ $insert_id: id }))).insert_id
    expect(rowOf(track(without('$insert_id'))).insert_id).toBe('made-up')
    expect(idOf('null')).toBe('made-up')
    expect(idOf('fine-1')).toBe('fine-1')
    expect(idOf('has_underscore')).toMatch(/^[0-9a-f]{36}$/)
    expect(idOf('has_underscore')).toBe(idOf('has_underscore'))
    expect(idOf('has_underscore')).not.toBe(idOf('has_underscores'))
  })

  it('spares the events by which libraries link ids', () => {
    expect(strict({ event: '$merge', properties: { $distinct_ids: ['a', 'b'] } }).kind).toBe('accept')
    expect(strict({ event: '$merged', properties: { $distinct_ids: ['a', 'b'] } }).kind).toBe('reject')
  })
})

describe('the row', () => {
  it('adds what the server knows and leaves out what must not be stored', () => {
    const { properties } = rowOf(
      track(anEvent({ ip: '192.0.2.7', $ip: '192.0.2.7', $mp_api_endpoint: 'forged', $import: true, a: 1 })),
    )
    const size = Buffer.byteLength(
      JSON.stringify(anEvent({ ip: '192.0.2.7', $ip: '192.0.2.7', $mp_api_endpoint: 'forged', $import: true, a: 1 })),
    )
    expect(properties).toEqual({
      $mp_event_size: properties['$mp_event_size'],
      $mp_api_endpoint: '"api.example.test"',
      $mp_api_timestamp_ms: String(nowMs - 5),
      mp_processing_time_ms: String(nowMs),
      $user_id: '"u1"',
      a: '1',
    })
    expect(Math.abs(Number(properties['$mp_event_size']) - size)).toBeLessThanOrEqual(4)
    expect(serverPropertiesText('h', 1, 2, true)).toContain('"$import":"true"')
  })

  it('shortens strings and names to 255 bytes, also inside lists, and replaces broken text', () => {
    const { event, properties } = rowOf(
      track(anEvent({ s: 'é'.repeat(200), l: ['x'.repeat(300)], b: 'a\ud800', ['n'.repeat(300)]: 1 }, 'e'.repeat(300))),
    )
    expect(JSON.parse(properties['s'] ?? '')).toBe('é'.repeat(127))
    expect(JSON.parse(properties['l'] ?? '')).toEqual(['x'.repeat(255)])
    expect(JSON.parse(properties['b'] ?? '')).toBe('a\ufffd')
    expect(properties['n'.repeat(255)]).toBe('1')
    expect(event).toBe('e'.repeat(255))
  })

  it('keeps one of two names that become the same', () => {
    const outcome = track(anEvent({ [`${'n'.repeat(255)}1`]: 1, [`${'n'.repeat(255)}2`]: 2 }))
    expect(rowOf(outcome).properties['n'.repeat(255)]).toBe('1')
    expect(outcome.kind === 'accept' && outcome.value.row.split('n'.repeat(255))).toHaveLength(2)
  })

  it('keeps exact JSON text of values', () => {
    const texts =
      '1e400 12345678901234567890 -0.12345678901234567890 1234567890.12345678 {} [] [{}] null {"a":{"b":{}}} "\\u0000" ' +
      '"\u2028é✓\\"\\\\" [1e400,{"x":9007199254740993}] true "" "\\\\"'
    for (const text of texts.split(' ')) {
      const record = parseJson(`{"event":"E","properties":{"token":"t","v":${text},"__proto__":${text}}}`)
      const { properties } = rowOf(track(record))
      expect(properties['v']).toBe(text)
      expect(Object.entries(properties).find(([name]) => name === '__proto__')?.[1]).toBe(text)
    }
  })

  const steps: readonly (readonly Step[])[] = [trackSteps, strictImportSteps]
  it('holds any short value as JSON that reads back the same', () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.double({ noDefaultInfinity: true, noNaN: true }),
      fc.boolean(),
      fc.constant(null),
      fc.array(fc.string({ unit: 'binary', maxLength: 10 }), { maxLength: 5 }),
      fc.dictionary(fc.string({ unit: 'binary', maxLength: 10 }), fc.integer(), { maxKeys: 5 }),
    )
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 60 }),
        value,
        fc.constantFrom(...steps),
        (name, sent, list) => {
          fc.pre(rowOf(acceptEvent(list, anEvent(), context)).properties[name] === undefined && !(name in base))
          const text = JSON.stringify(sent)
          const { properties } = rowOf(acceptEvent(list, anEvent({ [name]: JSON.parse(text) as JsonValue }), context))
          expect(properties[name]).toBe(JSON.stringify(JSON.parse(text)))
        },
      ),
    )
  })
})
