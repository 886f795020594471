import { describe, expect, it } from 'vitest'
import { groupKeyFault } from './group-key.ts'

describe('a group key', () => {
  it.each(['company', '$group', 'Company Name', 'Größe/日本', 'a'.repeat(255)])('may be %j', (key) => {
    expect(groupKeyFault(key)).toBeNull()
  })

  it.each([
    ['', 'must be a text without spaces around it'],
    [' company', 'must be a text without spaces around it'],
    ['é'.repeat(128), 'must be at most 255 bytes of UTF-8'],
    ['\ud800', 'must be at most 255 bytes of UTF-8'],
    ['a\nb', 'must not hold control characters'],
    ['a\u0000b', 'must not hold control characters'],
    ['distinct_id', 'names people, not groups'],
    ['$user_id', 'names people, not groups'],
    ['token', 'is not kept on events'],
    ['time', 'is not kept on events'],
  ])('may not be %j', (key, fault) => {
    expect(groupKeyFault(key)).toBe(fault)
  })
})
