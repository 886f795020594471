import { isNumberLike } from '../../../../kernel/json.ts'
import { dayMs } from '../../../../kernel/time.ts'
import { reject, type Step } from '../event-draft.ts'
import { isIdentityEvent } from './record-shape.ts'

const field = 'properties.time'
// From here on a number counts milliseconds: as seconds it would be the year 5138.
const millisecondsFrom = 1e11
const earliestMs = Date.UTC(1971, 0, 1)
// Clocks of devices run ahead; an hour is forgiven (ingestion §7).
const futureToleranceMs = 3_600_000
const trackAgeMaxMs = 5 * dayMs

/** `/import`: time is required. */
export const rejectWithoutTime: Step = ({ event, properties }) => {
  const time = properties['time']
  if (isIdentityEvent(event)) return null
  return time === undefined || time === null
    ? reject('time-missing', field, 'must be specified as seconds since epoch')
    : null
}

/** Seconds or milliseconds since the epoch, whole or not, also as text of digits. `/track` without time: now. */
export const putTime: Step = (draft, { nowMs }) => {
  const time = draft.properties['time']
  if (time === undefined || time === null) {
    draft.timeMs = nowMs
    return null
  }
  const value = numberOf(time)
  if (!Number.isFinite(value)) return reject('time-not-a-number', field, 'must be specified as seconds since epoch')
  draft.timeMs = Math.round(Math.abs(value) >= millisecondsFrom ? value : value * 1_000)
  return null
}

const numberOf = (time: unknown): number => {
  if (typeof time === 'number') return time
  if (isNumberLike(time)) return Number(JSON.stringify(time))
  return typeof time === 'string' && /^\d+(\.\d+)?$/.test(time) ? Number(time) : Number.NaN
}

export const rejectTimeBefore1971: Step = ({ timeMs }) =>
  timeMs < earliestMs ? reject('time-before-1971', field, 'must be in 1971 or later') : null

export const rejectTimeInFuture: Step = ({ timeMs }, { nowMs }) =>
  timeMs > nowMs + futureToleranceMs
    ? reject('time-in-future', field, 'must not be more than one hour in the future')
    : null

export const putNowForNearFuture: Step = (draft, { nowMs }) => {
  if (draft.timeMs > nowMs) draft.timeMs = nowMs
  return null
}

/** `/track` only; older events come by `/import` (ingestion §5). */
export const dropOlderThanFiveDays: Step = ({ timeMs }, { nowMs }) =>
  timeMs < nowMs - trackAgeMaxMs ? { kind: 'drop', reason: 'older-than-five-days' } : null
