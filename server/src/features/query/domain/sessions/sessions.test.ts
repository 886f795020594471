import { describe, expect, it } from 'vitest'
import { defaultSessionMode, type SessionEvent, type SessionMode, sessionsOf } from './sessions.ts'

const minuteMs = 60_000
const day = 20_000
/** An event so many minutes after midnight. */
const at = (minute: number, more: Partial<SessionEvent> = {}): SessionEvent => ({
  timeMs: day * 86_400_000 + minute * minuteMs,
  day: day + Math.floor(minute / 1_440),
  ...more,
})

describe('sessions', () => {
  it('end after a gap, and at midnight', () => {
    const minutes = [600, 630, 660.01, 1_439, 1_441]
    expect(
      sessionsOf(
        defaultSessionMode,
        minutes.map((minute) => at(minute)),
      ),
    ).toEqual([0, 0, 1, 2, 3])
    const short: SessionMode = { kind: 'timeout', timeoutMs: minuteMs }
    expect(
      sessionsOf(
        short,
        [600, 601, 603].map((minute) => at(minute)),
      ),
    ).toEqual([0, 0, 1])
  })

  it('go from a start to an end event, or to midnight', () => {
    const events = [
      at(1, { isEnd: true }),
      at(2),
      at(3, { isStart: true }),
      at(4, { isStart: true }),
      at(5, { isEnd: true }),
      at(6),
      at(7, { isStart: true }),
      at(1_441),
      at(1_442, { isStart: true }),
    ]
    expect(sessionsOf({ kind: 'events' }, events)).toEqual([-1, -1, 0, 0, 0, -1, 1, -1, 2])
  })

  it('are what has one id on one day; an empty one is an id', () => {
    const ids = ['x', null, '', 'x', undefined]
    const events = [
      ...ids.map((sessionId, minute) => at(minute, sessionId === undefined ? {} : { sessionId })),
      at(1_500, { sessionId: 'x' }),
    ]
    expect(sessionsOf({ kind: 'property' }, events)).toEqual([0, -1, 1, 0, -1, 2])
  })
})
