import { expect, it } from 'vitest'
import { firstRows } from './first-rows.ts'

it('reads the first records as the server does', () => {
  const text = '\uFEFFid,name\r\n1,"a, ""b""\nc"\r\n\r\n2,\r\n3,d'
  expect(firstRows(text, 10)).toEqual([
    ['id', 'name'],
    ['1', 'a, "b"\nc'],
    ['2', ''],
    ['3', 'd'],
  ])
  expect(firstRows(text, 2)).toHaveLength(2)
  expect(firstRows('', 5)).toEqual([])
})
