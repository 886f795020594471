import { expect, it } from 'vitest'
import { textOf, valuesOf } from './rule-values.ts'

it('are read as they are typed, and shown so that they are read the same', () => {
  expect(valuesOf(' a, 1, 1.50, true ,"2", , b c')).toEqual(['a', 1, '1.50', true, '2', 'b c'])
  for (const values of [['a', 1, true, '2', 'false'], [], ['007']]) expect(valuesOf(textOf(values))).toEqual(values)
})
