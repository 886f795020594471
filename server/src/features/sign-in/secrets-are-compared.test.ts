import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

// Timing cannot be measured reliably, so it is held by construction: what is secret is looked up by its hash in the store,
// compared by the one function of kernel/hash.ts, or verified by argon2, otplib or WebAuthn.

const slices = ['sign-in', 'access']
const filesOf = (slice: string): readonly string[] =>
  readdirSync(join(import.meta.dirname, '..', slice), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => join(import.meta.dirname, '..', slice, name))

/** `token === x`, `secretHash !== y`, `codes.includes(code)`; not comparisons with null, undefined or a literal. */
const plainCompare =
  /\b\w*(?:token|secret|hash|code|password|handle)(?:\(\))?\s*[!=]==(?!\s*(?:null|undefined|''|'[\w-]+'|\d))|[!=]==\s*\w*(?:Token|Secret|Hash|Code|Password|Handle)\b|(?:includes|indexOf)\(\w*(?:token|secret|hash|code|password)\)/i

const offendersIn = (text: string): readonly string[] => text.split('\n').filter((line) => plainCompare.test(line))

it('finds what it looks for', () => {
  for (const line of ['if (hash === typed) return', 'known.includes(code)', 'a.token !== b.token', 'x === sentToken']) {
    expect(offendersIn(line)).toEqual([line])
  }
  for (const line of ["code === ''", 'passwordHash !== null', 'equalSecret(hash, typed)', "kind === 'token'"]) {
    expect(offendersIn(line)).toEqual([])
  }
})

it('no secret is compared but by the shared function', () => {
  const found = slices
    .flatMap(filesOf)
    .flatMap((file) => offendersIn(readFileSync(file, 'utf8')).map((line) => [file, line]))
  expect(found).toEqual([])
  for (const file of slices.flatMap(filesOf)) expect(readFileSync(file, 'utf8')).not.toContain('timingSafeEqual')
})
