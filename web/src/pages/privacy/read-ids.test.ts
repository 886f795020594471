import { expect, it } from 'vitest'
import { readCsv, readLines } from './read-ids.ts'

it('takes a line for an id, commas and all, and each once', () => {
  expect(readLines(' ada \r\nDoe, Jane\n\nada\n')).toEqual({
    ids: ['ada', 'Doe, Jane'],
    duplicateCount: 1,
    tooLong: [],
  })
})

it('leaves out what is longer than an id can be, by its bytes', () => {
  const long = 'ä'.repeat(513)
  expect(readLines(`${long}\n${'ä'.repeat(512)}`)).toMatchObject({ ids: ['ä'.repeat(512)], tooLong: [long] })
})

it.each([
  ['a column alone', 'ada\nbob\n', ['ada', 'bob']],
  ['a column with its name', 'distinct_id\nada\nbob', ['ada', 'bob']],
  ['a column among others', 'email,$distinct_id\n"a@x.test",ada\nb@x.test,"bob, 2"', ['ada', 'bob, 2']],
  ['the first column when none is named so', 'ada,1\nbob,2', ['ada', 'bob']],
  ['quotes and line ends in a field', '"a ""1"""\n"two\nlines"', ['a "1"', 'two\nlines']],
  ['semicolons, and the mark of its encoding', '\ufeffid;plan\r\nada;pro\r\n', ['ada']],
  ['tabs, as pasted from a sheet', 'ada\tx\nbob\ty', ['ada', 'bob']],
])('reads of a CSV file %s', (_what, text, ids) => {
  expect(readCsv(text).ids).toEqual(ids)
})
