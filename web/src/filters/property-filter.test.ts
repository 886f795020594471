import { describe, expect, it } from 'vitest'
import { filtersIn, listIn, type PropertyFilter, whereOf } from './property-filter.ts'

const filter = (operator: PropertyFilter['operator'], value = ''): PropertyFilter => ({
  property: 'plan',
  operator,
  value,
})

describe('a filter as an expression', () => {
  it.each([
    [filter('is', 'pro'), '(properties["plan"] == "pro")'],
    [filter('is', '5'), '(properties["plan"] == "5" or properties["plan"] == 5)'],
    [filter('is-not', 'true'), '(not (properties["plan"] == "true" or properties["plan"] == true))'],
    [filter('contains', 'a"b'), '("a\\"b" in properties["plan"])'],
    [filter('contains-not', 'x'), '(not ("x" in properties["plan"]))'],
    [filter('more', '1.5'), '(properties["plan"] > 1.5)'],
    [filter('less', '2026-01-01'), '(properties["plan"] < "2026-01-01")'],
    [filter('set'), 'defined(properties["plan"])'],
    [filter('not-set'), '(not defined(properties["plan"]))'],
  ])('%j', (one, expected) => {
    expect(whereOf([one])).toBe(expected)
  })

  it('joins those that are finished', () => {
    expect(whereOf([filter('set'), filter('is'), filter('is', 'x')])).toBe(
      'defined(properties["plan"]) and (properties["plan"] == "x")',
    )
    expect(whereOf([filter('is')])).toBeUndefined()
    expect(whereOf([])).toBeUndefined()
  })

  it('of a link is taken only when it is one', () => {
    expect(
      filtersIn([{ property: 'a', operator: 'is', value: 5 }, { property: 'a', operator: 'eval' }, null, 'x']),
    ).toEqual([{ property: 'a', operator: 'is', value: '5' }])
    expect(filtersIn('x')).toEqual([])
    expect([listIn(['a', 1]), listIn('b'), listIn(undefined)]).toEqual([['a'], ['b'], []])
  })
})
