import { expect, it } from 'vitest'
import { seal, sealKeyOf, unseal } from './seal.ts'

const key = Buffer.alloc(32, 1)

it('opens with its key and context only, and never looks the same', () => {
  const sealed = seal(key, 'row 1', 'secret')
  expect(unseal(key, 'row 1', sealed)).toBe('secret')
  expect(seal(key, 'row 1', 'secret')).not.toBe(sealed)
  expect(() => unseal(key, 'row 2', sealed)).toThrow()
  expect(() => unseal(Buffer.alloc(32, 2), 'row 1', sealed)).toThrow()
  const bytes = Buffer.from(sealed, 'base64')
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
  expect(() => unseal(key, 'row 1', bytes.toString('base64'))).toThrow()
})

it('has a key of its own for each purpose', () => {
  const sealed = seal(sealKeyOf(key, 'pipelines'), 'row 1', 'secret')
  expect(unseal(sealKeyOf(key, 'pipelines'), 'row 1', sealed)).toBe('secret')
  expect(() => unseal(sealKeyOf(key, 'connectors'), 'row 1', sealed)).toThrow()
  expect(() => unseal(sealKeyOf(Buffer.alloc(32, 2), 'pipelines'), 'row 1', sealed)).toThrow()
})
