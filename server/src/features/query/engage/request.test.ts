import { describe, expect, it } from 'vitest'
import { InvalidRequest } from '../../../kernel/errors.ts'
import { engageRequest } from './request.ts'
import { actionOf } from './stats-endpoint.ts'

describe('parameters of engage', () => {
  it('are the first page of everybody by default', () => {
    expect(engageRequest({ session_id: '', page: '', distinct_id: '' })).toEqual({
      distinctIds: null,
      dataGroup: null,
      where: null,
      cohortId: null,
      includesAllUsers: false,
      behaviors: [],
      asOfMs: null,
      search: null,
      outputProperties: null,
      sort: null,
      countMax: null,
      page: 0,
      pageSize: 1_000,
      sessionId: null,
    })
  })

  it.each([
    [{ distinct_ids: '["a",1]' }, { distinctIds: ['a', '1'] }],
    [{ distinct_ids: '[]' }, { distinctIds: [] }],
    [{ distinct_id: 'a', distinct_ids: '["b"]' }, { distinctIds: ['a', 'b'] }],
    [{ filter_by_cohort: '{"id":7}' }, { cohortId: 7, includesAllUsers: true }],
    [
      { filter_by_cohort: '{"id":"7"}', include_all_users: 'false' },
      { cohortId: 7, includesAllUsers: false },
    ],
    [{ include_all_users: 'true' }, { includesAllUsers: false }],
    [{ page_size: '5000' }, { pageSize: 5_000 }],
    [{ page_size: '50000' }, { pageSize: 10_000 }],
    [{ as_of_timestamp: '1700000000.5' }, { asOfMs: 1_700_000_000_500 }],
    [{ sort_key: 'properties["x"]' }, { sort: { expression: 'properties["x"]', isDescending: false } }],
    [{ sort_key: 'x', sort_order: 'DESC' }, { sort: { expression: 'x', isDescending: true } }],
    [{ sort_order: 'desc' }, { sort: null }],
    [{ output_properties: '["a"]' }, { outputProperties: ['a'] }],
  ] as const)('%j', (params, expected) => {
    expect(engageRequest(params)).toMatchObject(expected)
  })

  it.each([
    ['2h', 7_200_000],
    ['30d', 2_592_000_000],
    ['2w', 1_209_600_000],
    ['1m', 2_592_000_000],
    ['3', 259_200_000],
  ])('have behaviors within %s', (window, windowMs) => {
    const behaviors = [
      {
        window,
        name: 'b',
        event_selectors: [
          { event: 'X', selector: '' },
          { event: 'Y', selector: 's' },
        ],
      },
    ]
    expect(engageRequest({ behaviors: JSON.stringify(behaviors) }).behaviors).toEqual([
      {
        name: 'b',
        windowMs,
        selectors: [
          { event: 'X', selector: null },
          { event: 'Y', selector: 's' },
        ],
      },
    ])
  })

  it.each([
    [{ distinct_ids: '[null]' }],
    [{ distinct_ids: '"a"' }],
    [{ filter_by_cohort: '7' }],
    [{ filter_by_cohort: '{"id":1.5}' }],
    [{ behaviors: '{}' }],
    [{ behaviors: '[null]' }],
    [{ behaviors: '[{"name":"b","event_selectors":[{"event":"X"}]}]' }],
    [{ behaviors: '[{"window":"1d","name":"b","event_selectors":[]}]' }],
    [{ behaviors: '[{"window":"1d","name":"b","event_selectors":[{"event":7}]}]' }],
    [{ as_of_timestamp: '-1' }],
    [{ page: '1.5' }],
    [{ limit: '0' }],
  ])('%j is refused', (params) => {
    expect(() => engageRequest(params as unknown as Record<string, string>)).toThrow(InvalidRequest)
  })
})

describe('the action of engage/stats', () => {
  it.each([
    ['count()', { kind: 'count' }],
    [' extremes( properties["a"] ) ', { kind: 'extremes', of: ' properties["a"] ' }],
    ['percentile(properties["a, b"], 99.5)', { kind: 'percentile', of: 'properties["a, b"]', percentile: 99.5 }],
    ['numeric_summary(number(properties["a"]))', { kind: 'numeric_summary', of: 'number(properties["a"])' }],
  ])('%s', (text, action) => {
    expect(actionOf(text)).toEqual(action)
  })
  it.each(['', 'count', 'sum(x)', 'extremes()', 'percentile(x)', 'percentile(x, 101)', 'percentile(x, -1)'])(
    '%j is refused',
    (text) => {
      expect(() => actionOf(text)).toThrow(InvalidRequest)
    },
  )
})
