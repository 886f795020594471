import { describe, expect, it } from 'vitest'
import { createLinkSigner } from './signed-link.ts'

const startMs = Date.UTC(2026, 0, 1)
const signerAt = (nowMs: number, key = 'k'.repeat(32)) => createLinkSigner(Buffer.from(key), () => nowMs, 7)
const parts = (link: string) => {
  const { searchParams } = new URL(link)
  return [searchParams.get('expires') ?? '', searchParams.get('signature') ?? ''] as const
}

describe('a signed link', () => {
  const link = signerAt(startMs).sign('https://eu.acme.test', '17')
  const [expires, signature] = parts(link)

  it('names the archive and ends after its days', () => {
    expect(link).toMatch(/^https:\/\/eu\.acme\.test\/api\/app\/data-retrievals\/v3\.0\/17\/archive\.zip\?/)
    const endMs = startMs + 7 * 86_400_000
    expect(Number(expires)).toBe(endMs / 1_000)
    expect(signerAt(endMs).verify('17', expires, signature)).toBe('valid')
    expect(signerAt(endMs + 1).verify('17', expires, signature)).toBe('expired')
  })

  it.each([
    ['another task', '18', expires, signature],
    ['a later end', '17', String(Number(expires) + 1), signature],
    ['another signature', '17', expires, `${signature.slice(1)}0`],
    ['no signature', '17', expires, ''],
    ['nothing', '17', '', ''],
    ['a moved border between the parts', `17\n${expires}`, '', signature],
  ])('does not hold for %s', (_name, id, end, by) => {
    expect(signerAt(startMs).verify(id, end, by)).toBe('invalid')
  })

  it('does not hold under the key of another installation', () => {
    expect(signerAt(startMs, 'x'.repeat(32)).verify('17', expires, signature)).toBe('invalid')
  })
})
