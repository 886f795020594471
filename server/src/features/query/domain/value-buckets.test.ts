import { expect, it } from 'vitest'
import type { JsonValue } from '../../../kernel/json.ts'
import { property } from './expression/build.ts'
import { evaluate } from './expression/evaluate.ts'
import { bucketed, inRanges, rangesFromTo, type ValueBuckets } from './value-buckets.ts'

const x = property(1, 'event', 'x')
const columns = { distinctId: '', insertId: '', eventName: '' }
const groupOf = (buckets: ValueBuckets, value: JsonValue | undefined) => evaluate(bucketed(x, buckets), recordOf(value))
const recordOf = (value: JsonValue | undefined) => ({
  event: value === undefined ? {} : { x: JSON.stringify(value) },
  user: {},
  behaviors: {},
  columns,
  timeMs: 0,
  timezone: 'UTC',
  nowMs: 0,
})

it.each([
  [-1, '< 0'],
  [0, '0 - 0.1'],
  // Three tenths are not thrice a tenth in binary.
  [0.3, '0.3 - 0.4'],
  [0.35, '0.3 - 0.4'],
  [0.45, '>= 0.45'],
  [0.449, '0.4 - 0.45'],
  ['0.2', undefined],
  [null, undefined],
  [undefined, undefined],
])('puts %j into even groups: %s', (value, group) => {
  const even = { type: 'even', min: 0, max: 0.45, size: 0.1 } as const
  expect(groupOf(even, value as JsonValue)).toBe(group)
})

it('puts numbers into the first group that fits', () => {
  const varied: ValueBuckets = { type: 'varied', groups: [{ to: -1e21 }, { from: 0, to: 5 }, { from: 3, to: 2e6 }] }
  expect([-2e21, 4, 5, -1, 2e6, 'no'].map((value) => groupOf(varied, value))).toEqual([
    ...['< -1,000,000,000,000,000,000,000', '0 - 5', '3 - 2,000,000', '$other', '$other', undefined],
  ])
})

it('puts texts into the first group that fits, whatever is in them', () => {
  const text: ValueBuckets = {
    type: 'text',
    groups: [
      { label: 'a "quoted" \\ one', values: ['"', '\\', 'é\n'] },
      { label: 'rest', contains: ['b', 'B'] },
    ],
  }
  const found = ['"', '\\', 'é\n', 'abc', 'B', 'x', '', 7, true, null, undefined].map((value) => groupOf(text, value))
  expect(found).toEqual([
    ...['a "quoted" \\ one', 'a "quoted" \\ one', 'a "quoted" \\ one', 'rest', 'rest', '$other', '$other', '$other'],
    ...['$other', undefined, undefined],
  ])
})

it('makes ranges that hold all numbers', () => {
  const ranges = rangesFromTo(-0.25, 0.3, 0.1)
  const node = inRanges(x, ranges)
  expect([-0.25, 0, 0.1, 0.29, 0.3].map((value) => evaluate(node, recordOf(value)))).toEqual([
    ...['-0.3 - -0.2', '0 - 0.1', '0.1 - 0.2', '0.2 - 0.3', '0.3 - 0.4'],
  ])
})
