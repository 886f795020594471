import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { boundedGunzip } from '../store/bounded-gunzip.ts'
import { type DecodedBody, decodeRecords } from './decode-records.ts'

const event = { event: 'Sign Up', properties: { token: 't', text: 'é✓ >>>???~~~ a+b&c=d' } }
const json = JSON.stringify([event])
const base64 = Buffer.from(json).toString('base64')
const urlSafe = Buffer.from(json).toString('base64url')
const formType = 'application/x-www-form-urlencoded'

const decode = (
  contentType: string | undefined,
  body: string | Buffer,
  query: Record<string, string> = {},
): DecodedBody => decodeRecords({ contentType, body: Buffer.from(body), query }, boundedGunzip(100_000))

describe('forms of a body that clients send', () => {
  const forms: readonly (readonly [
    name: string,
    contentType: string | undefined,
    body: string,
    query?: Record<string, string>,
  ])[] = [
    ['JSON array (go, swift)', 'application/json', json],
    ['JSON with a charset', 'application/json; charset=utf8', json],
    ['JSON with a byte order mark', 'application/json', `\ufeff${json}`],
    ['JSON as text/plain', 'text/plain;charset=UTF-8', json],
    ['JSON without a type', undefined, ` \n${json}`],
    ['JSON called a form (curl -d)', formType, json],
    ['form, base64, percent-encoded (browser)', formType, `data=${encodeURIComponent(base64)}`],
    ['form, base64, not percent-encoded (node, php)', formType, `data=${base64}`],
    ['form, base64, plus already a space', formType, `data=${base64.replaceAll('+', ' ')}`],
    ['form, base64 of the url-safe alphabet without padding', formType, `data=${urlSafe}`],
    ['form, charset=UTF-8', `${formType};charset=UTF-8`, `data=${encodeURIComponent(base64)}`],
    ['form, charset=utf8 (java)', `${formType};charset=utf8`, `data=${encodeURIComponent(base64)}`],
    ['form as text/plain (sendBeacon, c#)', 'text/plain;charset=UTF-8', `data=${encodeURIComponent(base64)}`],
    ['form, raw JSON (python, go merge)', formType, `data=${encodeURIComponent(json)}&verbose=1&ip=0`],
    ['form, raw JSON, spaces as plus', formType, new URLSearchParams({ data: json }).toString()],
    ['form, base64 in lines (keolo)', formType, `data=${encodeURIComponent(base64.replace(/(.{60})/g, '$1\n'))}`],
    ['form, gzip in base64 (mobile)', formType, `data=${encodeURIComponent(gzipSync(json).toString('base64'))}`],
    ['query, base64 (node)', undefined, '', { data: base64 }],
    ['query, base64, plus already a space', undefined, '', { data: base64.replaceAll('+', ' ') }],
    ['query, raw JSON', undefined, '', { data: json }],
    ['query beside a body without data', formType, 'verbose=1', { data: base64 }],
    ['NDJSON', 'application/x-ndjson', `${JSON.stringify(event)}\n`],
    ['NDJSON without its type', formType, `${JSON.stringify(event)}\r\n\r\n`],
    ['one object', 'application/json', JSON.stringify(event)],
    ['one object, base64', formType, `data=${Buffer.from(JSON.stringify(event)).toString('base64')}`],
  ]
  for (const [name, contentType, body, query] of forms) {
    it(name, () => {
      expect(decode(contentType, body, query).records).toEqual([event])
    })
  }

  it('takes parameters from query and form, the body first', () => {
    const { params } = decode(formType, `data=${base64}&verbose=1&project%5Fid=7`, { verbose: '0', ip: '1' })
    expect(Object.fromEntries(params)).toEqual({ verbose: '1', ip: '1', project_id: '7' })
  })

  it('says which form it was', () => {
    expect(decode('application/json', json).form).toBe('json')
    expect(decode('application/x-ndjson', JSON.stringify(event)).form).toBe('ndjson')
    expect(decode(formType, `data=${base64}`).form).toBe('form')
    expect(decode(formType, '{"event":"a"}\n{"event":"b"}').form).toBe('ndjson')
  })
})

describe('what cannot be read', () => {
  it.each([
    ['no body', undefined, ''],
    ['no data', formType, 'verbose=1'],
    ['neither JSON nor base64', formType, 'data=***'],
    ['base64 of no JSON', formType, `data=${Buffer.from('hello').toString('base64')}`],
    ['a number', 'application/json', '7'],
    ['broken JSON', 'application/json', '[{"event":'],
    ['broken gzip in base64', formType, `data=${Buffer.from([0x1f, 0x8b, 1, 2, 3]).toString('base64')}`],
    ['nesting without end', 'application/json', `${'['.repeat(500_000)}1e5`],
  ])('%s is no record', (_name, contentType, body) => {
    expect(decode(contentType, body).records).toBeNull()
  })

  it('never inflates beyond the bound', () => {
    const bomb = gzipSync(`[${' '.repeat(200_000)}]`).toString('base64')
    expect(() => decode(formType, `data=${encodeURIComponent(bomb)}`)).toThrow('max limit of 100000 bytes')
  })

  it('fails one bad line of NDJSON alone', () => {
    const { records } = decode('application/x-ndjson', '{"event":"a"}\n{"event":\n\n{"event":"c"}')
    expect(records).toEqual([{ event: 'a' }, undefined, { event: 'c' }])
  })

  it('stops reading lines after one too many', () => {
    expect(decode('application/x-ndjson', '1\n'.repeat(5_000)).records).toHaveLength(2_001)
  })

  it('keeps a genuine U+FFFD apart from bytes that are no UTF-8', () => {
    const bytes = Buffer.concat([Buffer.from('{"good":"\ufffd","bad":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')])
    const [record] = decode('application/json', bytes).records as readonly Record<string, string>[]
    expect(record?.['good']).toBe('\ufffd')
    expect(record?.['bad']?.isWellFormed()).toBe(false)
    const inForm = decode(formType, `data=${encodeURIComponent('{"bad":"')}%C3%28"}`).records
    expect(JSON.stringify(inForm)).toBe('[{"bad":"\\udfff("}]')
  })
})

it('reads back any JSON text through any form', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), (record) => {
      const text = JSON.stringify(record)
      const encoded = Buffer.from(text).toString('base64')
      expect(JSON.stringify(decode('application/json', text).records)).toBe(`[${text}]`)
      expect(JSON.stringify(decode(formType, `data=${encoded}`).records)).toBe(`[${text}]`)
      expect(JSON.stringify(decode(formType, new URLSearchParams({ data: text }).toString()).records)).toBe(`[${text}]`)
    }),
  )
})
