import { describe, expect, it } from 'vitest'
import { type DailyVolume, unusualVolumes } from './volumes.ts'

const day = 20_000
const volume = (event: string, countOn: (back: number) => number): DailyVolume => ({
  event,
  countOf: new Map(Array.from({ length: 60 }, (_, back) => [day - back, countOn(back)] as const)),
})

describe('an unusual volume', () => {
  it('is half or more off the same weekday of the weeks before', () => {
    const found = (today: number) => unusualVolumes([volume('E', (back) => (back === 0 ? today : 200))], day, 1)
    expect(found(100)).toEqual([{ event: 'E', actual: 100, expected: 200, change: -0.5 }])
    expect(found(300)).toEqual([{ event: 'E', actual: 300, expected: 200, change: 0.5 }])
    expect([found(101), found(299), found(200)]).toEqual([[], [], []])
    expect(found(0)).toMatchObject([{ change: -1 }])
  })

  it('goes by the day of the week', () => {
    const weekly = volume('E', (back) => (back % 7 === 0 ? 1_000 : 150))
    expect(unusualVolumes([weekly], day, 1)).toEqual([])
    expect(unusualVolumes([weekly], day - 1, 1)).toEqual([])
  })

  it('is told only of events that were many on half of the days', () => {
    expect(unusualVolumes([volume('E', (back) => (back === 0 ? 0 : 99))], day, 1)).toEqual([])
    expect(unusualVolumes([volume('E', (back) => (back === 0 ? 0 : back <= 14 ? 500 : 0))], day, 1)).toEqual([])
    expect(unusualVolumes([volume('E', (back) => (back === 0 ? 0 : back <= 15 ? 500 : 0))], day, 1)).toHaveLength(1)
  })

  it('of two days is of their sum', () => {
    const gone = volume('E', (back) => (back === 0 ? 0 : 200))
    expect(unusualVolumes([gone], day, 2)).toEqual([{ event: 'E', actual: 200, expected: 400, change: -0.5 }])
    expect(unusualVolumes([volume('E', (back) => (back === 0 ? 10 : 200))], day, 2)).toEqual([])
  })

  it('is not expected of weeks that nothing is known of', () => {
    const young: DailyVolume = {
      event: 'E',
      countOf: new Map(Array.from({ length: 18 }, (_, back) => [day - back, 200] as const)),
    }
    expect(unusualVolumes([young], day, 1)).toEqual([])
  })

  it('that is the most unusual comes first', () => {
    const of = (event: string, today: number) => volume(event, (back) => (back === 0 ? today : 200))
    expect(unusualVolumes([of('a', 90), of('b', 0), of('c', 900)], day, 1).map(({ event }) => event)).toEqual([
      'c',
      'b',
      'a',
    ])
  })
})
