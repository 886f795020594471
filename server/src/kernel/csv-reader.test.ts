import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CsvRecord, createCsvReader } from './csv-reader.ts'

const read = (text: string, pieceLength = text.length || 1, charsMax?: number): readonly CsvRecord[] => {
  const reader = createCsvReader(charsMax)
  const records: CsvRecord[] = []
  for (let at = 0; at < text.length; at += pieceLength) records.push(...reader.push(text.slice(at, at + pieceLength)))
  records.push(...reader.end())
  return records
}
const fieldsOf = (text: string, pieceLength?: number) => read(text, pieceLength).map(({ fields }) => fields)
const faultsOf = (text: string, pieceLength?: number) => read(text, pieceLength).map(({ fault }) => fault)

const bare = 'bare " in non-quoted field'
const broken = 'extraneous or missing " in quoted-field'

describe('CSV reader', () => {
  it.each([
    [
      'a,b\n1,2\n',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'a,b\r\n1,2',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'a,\n,b',
      [
        ['a', ''],
        ['', 'b'],
      ],
    ],
    ['a,', [['a', '']]],
    ['', []],
    ['\n\r\na\n\n', [['a']]],
    ['""\n', [['']]],
    ['"",""', [['', '']]],
    ['"a ""b"" c","1\r\n2,3"\r\n', [['a "b" c', '1\r\n2,3']]],
    ['a\rb,c\r', [['a\rb', 'c']]],
    ['"a"\r', [['a']]],
    [' a , b ', [[' a ', ' b ']]],
    ['é,😀\n', [['é', '😀']]],
  ])('reads %j', (text, expected) => {
    expect(fieldsOf(text)).toEqual(expected)
    expect(fieldsOf(text, 1)).toEqual(expected)
    expect(faultsOf(text, 1)).toEqual(expected.map(() => null))
  })

  it.each([
    ['a"b,c\nd,e', [bare, null]],
    ['"a"b,c\nd,e', [broken, null]],
    ['"a" ,c\nd,e', [broken, null]],
    ['"a"\r,c\nd,e', [broken, null]],
    ['"a"\rb\nd,e', [broken, null]],
    ['d,e\n"a', [null, broken]],
    ['"a"b"c"\n', [broken]],
  ])('reports the quotes of %j and goes on', (text, expected) => {
    expect(faultsOf(text)).toEqual(expected)
    expect(faultsOf(text, 1)).toEqual(expected)
  })

  it('holds no record longer than its bound, also when a quote is never closed', () => {
    expect(read('abcd,\nabcd,\n', 1, 5)).toHaveLength(2)
    for (const text of ['abcdef\n', '"abcdef', ',,,,,,', '"a""b""c""']) {
      expect(() => read(text, 1, 5)).toThrow('a row is longer than 5 characters')
    }
  })

  it('reads back what was written, however it is quoted and cut into pieces', () => {
    const field = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ', 'é', '😀', '0') })
    const table = fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { maxLength: 5 })
    const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
    const written = (text: string, isEager: boolean) => (isEager || /[",\n\r]/.test(text) ? quoted(text) : text)
    fc.assert(
      fc.property(
        table,
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        fc.integer({ min: 1, max: 7 }),
        (rows, ...how) => {
          const [lineEnd, isEager, pieceLength] = how
          const text = rows.map((row) => row.map((one) => written(one, isEager)).join(',') + lineEnd).join('')
          expect(fieldsOf(text, pieceLength)).toEqual(rows)
          expect(faultsOf(text, pieceLength)).toEqual(rows.map(() => null))
        },
      ),
    )
  })

  it('gives the same records for any text, however it is cut into pieces', () => {
    const anyText = fc.string({ unit: fc.constantFrom('a', '"', '"', ',', '\n', '\r') })
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 3 }), (text, pieceLength) => {
        expect(read(text, pieceLength)).toEqual(read(text))
      }),
    )
  })
})
