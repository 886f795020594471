import { describe, expect, it } from 'vitest'
import type { Received } from '../../http/route.ts'
import { countSent, createIngestRate } from './ingest-rate.ts'

const setUp = (settings: { bytesPerMinuteMax?: number; eventsPerMinuteMax?: number }) => {
  const clock = { ms: 0 }
  const rate = createIngestRate({ bytesPerMinuteMax: 0, eventsPerMinuteMax: 0, ...settings }, () => clock.ms)
  const send = (bytes: number, counts: readonly (readonly [number, number])[], sentCount: number) =>
    countSent(rate, { body: Buffer.alloc(bytes), url: '/track?data=x' } as Received, new Map(counts), sentCount)
  const isOver = (projectId: number): boolean => {
    try {
      rate.check(projectId)
      return false
    } catch {
      return true
    }
  }
  return { clock, send, isOver }
}

describe('the rate of a project', () => {
  it('is its bytes or its events of a rolling minute, whichever is first', () => {
    const events = setUp({ eventsPerMinuteMax: 10 })
    events.send(1e9, [[1, 9]], 9)
    expect(events.isOver(1)).toBe(false)
    events.send(1, [[1, 1]], 1)
    expect(events.isOver(1)).toBe(true)
    events.clock.ms = 61_000
    expect(events.isOver(1)).toBe(false)

    const bytes = setUp({ bytesPerMinuteMax: 1_000 })
    bytes.send(999, [[1, 1_000_000]], 1_000_000)
    expect(bytes.isOver(1)).toBe(false)
    bytes.send(1, [[1, 1]], 1)
    expect(bytes.isOver(1)).toBe(true)
  })

  it('is no limit when both are 0', () => {
    const { send, isOver } = setUp({})
    send(1e9, [[1, 1e9]], 1e9)
    expect(isOver(1)).toBe(false)
  })

  it('shares the bytes of a request among its projects by their records', () => {
    const { send, isOver } = setUp({ bytesPerMinuteMax: 300 })
    const batch = [
      [1, 3],
      [2, 1],
    ] as const
    send(400, batch, 4)
    expect([isOver(1), isOver(2)]).toEqual([true, false])
  })

  it('weighs the address of a request without a body', () => {
    const { send, isOver } = setUp({ bytesPerMinuteMax: '/track?data=x'.length })
    send(0, [[1, 1]], 1)
    expect(isOver(1)).toBe(true)
  })
})
