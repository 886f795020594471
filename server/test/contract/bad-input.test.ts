import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { asAccount, asOfficer, insist, statusOf } from '../fault/fault-rig.ts'
import { us } from '../support/provision.ts'
import { decodeZip } from '../support/raw-scan-frames.ts'
import { importPath, json, ndjson, newId, nowSeconds, openBadInputServer, unreadable } from './bad-input-rig.ts'

const seed = Math.floor(Math.random() * 2 ** 31)
const { lethe, mark, goodEvent, lineOf, checkAfterwards } = openBadInputServer()

/** An event as text, with `members` as more of its properties, so that JSON can be written that no object gives. */
const eventText = (members: string, id: string = newId()): string =>
  `{"event":"Odd","properties":{"token":"${us.token}","time":${nowSeconds()},"distinct_id":"${mark}","$insert_id":"${id}",${members}}}`

describe('JSON that hurts', () => {
  const nested = (open: string, close: string) => `"deep":${open.repeat(100_000)}1${close.repeat(100_000)}`

  it.each([
    ['lists 100,000 deep', nested('[', ']')],
    ['objects 100,000 deep', nested('{"a":', '}')],
    ['lists 100,000 deep beside a long number', `"n":12345678901234567890,${nested('[', ']')}`],
    ['a depth that never ends', `"deep":${'['.repeat(100_000)}`],
    ['a lone surrogate', '"text":"\\ud800"'],
    ['a name with a lone surrogate', '"\\udc00":1'],
    ['a raw NUL', '"text":"a\0b"'],
    ['a time that is no number', '"time":1e400'],
    ['a time that is an object', '"time":{"$date":1}'],
    ['an id that is a list', `"distinct_id":["${mark}"]`],
    ['no insert id', '"$insert_id":null'],
    ['256 elements', `"list":[${'1,'.repeat(255)}1]`],
    ['256 properties', Array.from({ length: 256 }, (_, at) => `"p${at}":1`).join(',')],
    ['a megabyte of text', `"text":"${'x'.repeat(1_000_000)}"`],
  ])('%s: the record fails, those beside it are stored', async (_name, members) => {
    const id = newId()
    const body = [JSON.stringify(goodEvent()), eventText(members, id), JSON.stringify(goodEvent())].join('\n')
    const answer = await lethe().post(importPath, { headers: ndjson, body })
    expect(answer.status).toBe(400)
    const { failed_records, ...rest } = answer.json()
    expect(failed_records.map(({ index }: { readonly index: number }) => index)).toEqual([1])
    expect(rest).toEqual({ ...unreadable, num_records_imported: 2 })
    expect(await lineOf(id)).toBe('')
  })

  it.each(['null', '1', 'true', '"text"', '[]', '[[]]', '{}', '{"event":1}', '{"event":"x","properties":[]}', '{'])(
    'a line %s fails alone',
    async (line) => {
      const body = `${JSON.stringify(goodEvent())}\n${line}\n`
      const answer = await lethe().post(importPath, { headers: ndjson, body })
      expect(answer.status).toBe(400)
      expect(answer.json()).toMatchObject({ num_records_imported: 1, failed_records: [{ index: 1 }] })
    },
  )

  it.each([
    [
      'numbers that no double holds',
      '"n":1e400,"m":-123456789012345678901234567890.125',
      /"n":1e400,.*"m":-123456789012345678901234567890\.125/,
    ],
    ['the last of two equal names', '"twice":1,"twice":2', /"twice":2[,}]/],
    [
      'an escaped NUL',
      '"text":"a\\u0000b","na\\u0000me":1',
      /"na\\u0000me":1.*"text":"a\\u0000b"|"text":"a\\u0000b".*"na\\u0000me":1/,
    ],
    [
      'names of the prototype',
      '"__proto__":{"a":1},"constructor":{"prototype":2},"toString":3',
      /(?=.*"__proto__":\{"a":1\})(?=.*"constructor":\{"prototype":2\})(?=.*"toString":3)/,
    ],
    [
      'names of the prototype, deeper',
      '"deep":{"__proto__":{"polluted":true},"x":[{"constructor":null}]}',
      /"deep":\{"__proto__":\{"polluted":true\},"x":\[\{"constructor":null\}\]\}/,
    ],
  ])('keeps %s', async (_name, members, expected) => {
    const id = newId()
    const answer = await lethe().post(importPath, { headers: ndjson, body: eventText(members, id) })
    expect(answer.json()).toEqual({ code: 200, num_records_imported: 1, status: 'OK' })
    expect(await lineOf(id)).toMatch(expected)
  })

  it('takes no token, event or id from a prototype', async () => {
    const inner = `"__proto__":{"token":"${us.token}","distinct_id":"${mark}"}`
    const record = `{"event":"Odd","properties":{${inner}}}`
    expect((await lethe().post('/track', { headers: json, body: `[${record}]` })).text).toBe('0')
    const bare = `{"__proto__":{"event":"Odd","properties":{"token":"${us.token}"}}}`
    expect((await lethe().post('/track', { headers: json, body: `[${bare}]` })).text).toBe('0')
    expect((await lethe().post('/track', { body: [goodEvent()] })).text).toBe('1')
  })

  it('ignores a byte order mark, reports broken UTF-8 to /import and mends it for /track', async () => {
    const mended = newId()
    const broken = Buffer.from(eventText('"text":"a?b"', mended))
    broken[broken.indexOf('a?b') + 1] = 0xff
    const marked = Buffer.concat([Buffer.from('\ufeff'), Buffer.from(JSON.stringify([goodEvent()]))])
    expect((await lethe().post(importPath, { headers: { ...asAccount, ...json }, body: marked })).status).toBe(200)
    expect((await lethe().post(importPath, { headers: ndjson, body: broken })).status).toBe(400)
    expect(await lineOf(mended)).toBe('')
    expect((await lethe().post('/track', { headers: json, body: broken })).text).toBe('1')
    expect(await lineOf(mended)).toContain('"text":"a\ufffdb"')
  })

  it.each(['[', '[{"event":', 'nonsense', '\0\0\0', '"text"', 'null', ''])('answers 0 to a body %j', async (body) => {
    for (const path of ['/track', '/engage']) {
      const answer = await lethe().post(path, { headers: json, body })
      expect([answer.status, answer.text]).toEqual([200, '0'])
    }
    const answer = await lethe().post(importPath, { headers: { ...asAccount, ...json }, body })
    expect(answer.status).toBe(400)
    expect(answer.json()).toEqual({ ...unreadable, failed_records: [], num_records_imported: 0 })
  })

  it('keeps names of the prototype in profiles, and gives them back', async () => {
    const id = `${mark} profile`
    const set = `{"__proto__":{"a":"${mark}"},"constructor":"c","hasOwnProperty":1}`
    const body = `[{"$token":"${us.token}","$distinct_id":"${id}","$set":${set}}]`
    expect((await lethe().post('/engage', { headers: json, body })).text).toBe('1')
    const path = `/api/app/data-retrievals/v3.0?token=${us.token}`
    const asked = await lethe().post(path, {
      headers: asOfficer,
      body: { distinct_ids: [id], compliance_type: 'GDPR' },
    })
    const task = { kind: 'data-retrievals', trackingId: asked.json().results[0].tracking_id } as const
    const link = await insist('retrieval', async () => new URL((await statusOf(lethe(), task)).result ?? ''))
    const archive = decodeZip((await lethe().get(`${link.pathname}${link.search}`)).bytes).join('\n')
    expect(archive).toMatch(/"__proto__":\s*\{"a":\s*"mark/)
    expect(archive).toMatch(/"constructor":\s*"c"/)
  })
})

describe(`wrong types everywhere (seed ${seed})`, () => {
  const anyValue = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.constantFrom(
      '',
      '0',
      'null',
      'undefined',
      -1,
      0,
      1e15,
      1e300,
      -0,
      [],
      {},
      [null],
      { a: { b: {} } },
      '\0',
      '\ud800',
    ),
  )
  const values = fc.array(anyValue, { minLength: 1, maxLength: 40 })
  const check = (attempt: (values: readonly unknown[]) => Promise<void>) =>
    fc.assert(fc.asyncProperty(values, attempt), { numRuns: 6, seed, endOnFailure: false })

  const properties = [
    'time',
    'distinct_id',
    '$insert_id',
    '$device_id',
    '$user_id',
    '$ignore',
    'ip',
    '$import',
    '$mp_api_endpoint',
    'note',
  ]
  const withProperty = (name: string) => (value: unknown) => {
    const { event, properties: own } = {
      event: 'Odd',
      properties: { token: us.token, time: nowSeconds(), distinct_id: mark, $insert_id: newId() },
    }
    return { event, properties: { ...own, [name]: value } }
  }
  const eventForms: Readonly<Record<string, (value: unknown) => unknown>> = {
    record: (value) => value,
    event: (value) => ({ event: value, properties: { token: us.token } }),
    properties: (value) => ({ event: 'Odd', properties: value }),
    token: (value) => ({ event: 'Odd', properties: { token: value } }),
    ...Object.fromEntries(properties.map((name) => [name, withProperty(name)])),
  }

  it.each(Object.keys(eventForms))(
    '%s of events: 200 or the record is named, those beside it are stored',
    async (name) => {
      await check(async (some) => {
        const odd = some.map(eventForms[name] as (value: unknown) => unknown)
        const batch = [goodEvent(), ...odd, goodEvent()]
        const track = await lethe().post('/track', { body: batch })
        expect([track.status, track.text]).toEqual([200, '1'])
        const imported = await lethe().post(importPath, {
          headers: asAccount,
          body: [goodEvent(), ...odd, goodEvent()],
        })
        expect([200, 400]).toContain(imported.status)
        const failed = (imported.json().failed_records ?? []) as readonly { readonly index: number }[]
        expect(failed.every(({ index }) => index > 0 && index <= odd.length)).toBe(true)
        expect(imported.json().num_records_imported).toBe(odd.length + 2 - failed.length)
      })
    },
  )

  const operations = [
    '$set',
    '$set_once',
    '$add',
    '$append',
    '$union',
    '$remove',
    '$unset',
    '$delete',
    '$token',
    '$distinct_id',
    '$ignore_time',
    '$ip',
  ]
  it.each(operations)('%s of profiles: 1, and the update beside it is done', async (name) => {
    await check(async (some) => {
      const odd = some.map((value) => ({
        $token: us.token,
        $distinct_id: `${mark} odd`,
        $set: { a: 1 },
        [name]: value,
      }))
      const inside = some.map((value) => ({ $token: us.token, $distinct_id: `${mark} odd`, [name]: { a: value } }))
      const kept = { $token: us.token, $distinct_id: `${mark} kept`, $set: { a: 1 } }
      const answer = await lethe().post('/engage', { body: [...odd, ...inside, kept] })
      expect([answer.status, answer.text]).toEqual([200, '1'])
      const strict = await lethe().post('/engage?strict=1', { body: [kept, ...odd, ...inside] })
      expect([200, 400]).toContain(strict.status)
    })
  })

  it.each(['/api/app/data-deletions/v3.0', '/api/app/data-retrievals/v3.0'])(
    '%s: never a fault of ours',
    async (path) => {
      await check(async (some) => {
        for (const value of some.slice(0, 10)) {
          for (const body of [
            value,
            { distinct_ids: value, compliance_type: 'GDPR' },
            { distinct_ids: [mark], compliance_type: value },
          ]) {
            const sent = { headers: { ...asOfficer, ...json }, body: JSON.stringify(body) }
            const answer = await lethe().post(`${path}?token=${us.token}`, sent)
            expect([201, 400]).toContain(answer.status)
            if (answer.status === 400) expect(answer.json()).toEqual({ error: expect.any(String), status: 'error' })
          }
        }
      })
    },
  )
})

checkAfterwards()
