import { expect, it } from 'vitest'
import type { PrivacyTask } from './task.ts'
import { type TaskTimes, waitingOf } from './waiting.ts'

const none: TaskTimes = {
  dueAtMs: 100,
  startedAtMs: null,
  verifiedAtMs: null,
  finishedAtMs: null,
  notBeforeMs: null,
  archiveExpiresAtMs: null,
}
const of = (task: Partial<PrivacyTask>, times: Partial<TaskTimes>, nowMs: number) =>
  waitingOf({ kind: 'deletion', state: 'PENDING', attemptCount: 0, ...task }, { ...none, ...times }, nowMs)

it.each([
  ['its grace', {}, {}, 50, { for: 'grace', untilMs: 100 }],
  ['a worker', {}, {}, 150, { for: 'worker', untilMs: null }],
  ['another attempt', { attemptCount: 1 }, { notBeforeMs: 300 }, 150, { for: 'retry', untilMs: 300 }],
  ['another attempt that is due', { attemptCount: 1 }, { notBeforeMs: 120 }, 150, { for: 'retry', untilMs: null }],
  ['being erased', { state: 'STARTED' }, {}, 150, { for: 'erasing', untilMs: null }],
  ['being collected', { state: 'STARTED', kind: 'retrieval' }, {}, 150, { for: 'collecting', untilMs: null }],
  ['a gate that was shut', { state: 'STARTED', attemptCount: 2 }, {}, 150, { for: 'retry', untilMs: null }],
  ['its end', { state: 'STARTED' }, { verifiedAtMs: 140 }, 150, { for: 'ending', untilMs: null }],
] as const)('waits for %s', (_name, task, times, nowMs, waiting) => {
  expect(of(task, times, nowMs)).toEqual(waiting)
})

it.each(['SUCCESS', 'FAILURE', 'REVOKED'] as const)('waits for nothing once it is %s', (state) => {
  expect(of({ state }, {}, 150)).toBeNull()
})
