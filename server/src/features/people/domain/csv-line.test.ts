import { describe, expect, it } from 'vitest'
import { csvLine, csvValue } from './csv-line.ts'

describe('a property in a CSV file', () => {
  it.each([
    ['"Ann"', 'Ann'],
    ['""', ''],
    ['null', ''],
    ['', ''],
    ['12345678901234567890', '12345678901234567890'],
    ['-5', '-5'],
    ['true', 'true'],
    ['["a","b"]', '["a","b"]'],
    ['"=1+1"', "'=1+1"],
    ['"@SUM(A1)"', "'@SUM(A1)"],
    ['"+cmd|x"', "'+cmd|x"],
    ['"-2+3"', "'-2+3"],
    ['"+49 (30) 123-45"', '+49 (30) 123-45'],
  ])('%s is %s', (jsonText, expected) => {
    expect(csvValue(jsonText)).toBe(expected)
  })

  it('is quoted where commas, quotes or line ends ask for it', () => {
    expect(csvLine(['a', 'b,c', 'say "x"', 'two\nlines'])).toBe('a,"b,c","say ""x""","two\nlines"\r\n')
  })
})
