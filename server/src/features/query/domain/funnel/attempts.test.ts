import { describe, expect, it } from 'vitest'
import type { FunnelEvents, FunnelRules } from './attempts.ts'
import { type CountingRules, countedAttempts, countedByKey, type PersonEvents } from './person.ts'
import { addAttempt, emptyTally, stepResults, worstStep } from './tally.ts'

const hourMs = 3_600_000
const range = { fromMs: Date.parse('2026-01-01T00:00:00Z'), toMs: Date.parse('2026-01-02T00:00:00Z') }
const at = (time: string): number =>
  Date.parse(`2026-01-0${time.includes(' ') ? time.replace(' ', 'T') : `1T${time}`}Z`)

/** `A 13:00:00` is an event of the step A; `AB …` qualifies for both; X, Y are exclusions. */
const eventsOf = (lines: readonly string[], more: Partial<PersonEvents> = {}): PersonEvents => ({
  times: lines.map((line) => at(line.slice(line.indexOf(' ') + 1))),
  parts: lines.map((line) => [...line.slice(0, line.indexOf(' '))].map((letter) => 'ABCDXY'.indexOf(letter))),
  ...more,
})

const rulesOf = (steps: number, more: Partial<CountingRules> = {}): CountingRules => ({
  blocks: Array.from({ length: steps }, (_, step) => [step]),
  stepCount: steps,
  windowMs: hourMs,
  sessionCount: null,
  exclusions: [],
  isOptimized: false,
  counting: 'uniques',
  attribution: 'first',
  isBreakdownHeld: false,
  ...more,
})

const totals = { counting: 'totals' } as const
/** How far each counted attempt came, and with which events. */
const taken = (rules: CountingRules, events: PersonEvents) =>
  countedAttempts(rules, events, range).map((attempt) => attempt.taken)

describe('an attempt', () => {
  it('has its window from the first step, which later ones do not restart (query §7, example)', () => {
    const events = eventsOf(['A 13:00:00', 'A 13:30:00', 'B 13:45:00', 'C 14:15:00'])
    expect(taken(rulesOf(3), events)).toEqual([[0, 2]])
    expect(taken(rulesOf(3, totals), events)).toEqual([[0, 2]])
  })

  it('passes over other events and those out of order', () => {
    expect(taken(rulesOf(3), eventsOf(['B 12:00:00', 'A 13:00:00', 'C 13:10:00', 'B 13:20:00', 'C 13:30:00']))).toEqual(
      [[1, 3, 4]],
    )
  })

  it('begins inside the range and may end after it', () => {
    const events = eventsOf(['A 23:59:00', 'B 2 00:30:00', 'A 2 00:40:00', 'B 2 00:50:00'])
    expect(taken(rulesOf(2, totals), events)).toEqual([[0, 1]])
  })

  it('takes steps within two seconds in either order', () => {
    expect(taken(rulesOf(2), eventsOf(['B 12:59:58', 'A 13:00:00']))).toEqual([[1, 0]])
    expect(taken(rulesOf(2), eventsOf(['B 12:59:57.999', 'A 13:00:00']))).toEqual([[1]])
  })

  it('needs an event of its own for each step', () => {
    const twice = rulesOf(2)
    expect(taken(twice, eventsOf(['AB 13:00:00']))).toEqual([[0]])
    expect(taken(twice, eventsOf(['AB 13:00:00', 'AB 13:00:00']))).toEqual([[0, 1]])
    expect(taken(rulesOf(2, totals), eventsOf(['AB 13:00:00', 'AB 13:10:00', 'AB 13:20:00']))).toEqual([[0, 1], [2]])
  })

  it('is over when it hits an exclusion, and still counts as an entry', () => {
    const exclusions = [{ part: 4, from: 0, to: 1 }]
    const events = eventsOf(['A 13:00:00', 'X 13:10:00', 'B 13:20:00', 'A 13:30:00', 'B 13:40:00'])
    expect(taken(rulesOf(2, { exclusions }), events)).toEqual([[0]])
    expect(taken(rulesOf(2, { ...totals, exclusions }), events)).toEqual([[0], [3, 4]])
    expect(taken(rulesOf(2, { exclusions }), eventsOf(['A 13:00:00', 'X 13:00:02', 'B 13:20:00']))).toEqual([[0, 2]])
    expect(taken(rulesOf(2, { exclusions }), eventsOf(['A 13:00:00', 'X 13:10:00', 'B 13:10:02']))).toEqual([[0, 2]])
  })

  it('minds an exclusion only between its steps', () => {
    const exclusions = [{ part: 4, from: 1, to: 2 }]
    expect(
      taken(rulesOf(3, { exclusions }), eventsOf(['A 13:00:00', 'X 13:10:00', 'B 13:20:00', 'C 13:30:00'])),
    ).toEqual([[0, 2, 3]])
    expect(
      taken(rulesOf(3, { exclusions }), eventsOf(['A 13:00:00', 'B 13:10:00', 'X 13:20:00', 'C 13:30:00'])),
    ).toEqual([[0, 1]])
  })

  it('may begin again when the last one converted, expired or was excluded', () => {
    const events = eventsOf(['A 10:00:00', 'B 10:10:00', 'A 10:20:00', 'A 11:20:00', 'A 11:21:00', 'B 11:30:00'])
    expect(taken(rulesOf(2, totals), events)).toEqual([[0, 1], [2], [4, 5]])
  })

  it('in any order: anchored steps come after what is before them', () => {
    const any: Partial<FunnelRules> = { blocks: [[0, 1], [2]] }
    expect(taken(rulesOf(3, any), eventsOf(['C 12:00:00', 'B 12:10:00', 'A 12:20:00', 'C 12:30:00']))).toEqual([
      [1, 2, 3],
    ])
    expect(taken(rulesOf(3, any), eventsOf(['B 12:10:00', 'C 12:20:00', 'A 12:30:00']))).toEqual([[0, 2]])
  })
})

describe('optimized re-entry', () => {
  const optimized = { isOptimized: true }

  it('takes the entry nearest before the second step', () => {
    const events = eventsOf(['A 13:00:00', 'A 13:10:00', 'A 13:20:00', 'B 13:30:00'])
    expect(taken(rulesOf(2, optimized), events)).toEqual([[2, 3]])
    expect(taken(rulesOf(2, { ...totals, ...optimized }), events)).toEqual([[2, 3]])
  })

  it('counts who converts in any attempt', () => {
    const events = eventsOf(['A 10:00:00', 'B 10:10:00', 'A 12:00:00', 'B 12:10:00', 'C 12:20:00', 'A 13:00:00'])
    expect(taken(rulesOf(3), events)).toEqual([[0, 1]])
    expect(taken(rulesOf(3, optimized), events)).toEqual([[2, 3, 4]])
  })
})

describe('what is held constant', () => {
  it('is fixed by the entry', () => {
    const events = eventsOf(['A 13:00:00', 'B 13:10:00', 'B 13:20:00'], { held: ['x', 'y', 'x'] })
    expect(taken(rulesOf(2), events)).toEqual([[0, 2]])
    expect(taken(rulesOf(2), { ...events, held: [null, 'y', 'x'] })).toEqual([])
  })
})

describe('sessions', () => {
  it('have one attempt each, which stays in it', () => {
    const lines = ['A 10:00:00', 'A 10:05:00', 'A 12:00:00', 'B 12:10:00', 'A 14:00:00', 'B 15:00:00']
    const events = eventsOf(lines, { sessions: [0, 0, 1, 1, 2, 3] })
    const rules = rulesOf(2, { counting: 'sessions', sessionCount: 1, windowMs: 24 * hourMs })
    expect(taken(rules, events)).toEqual([[0], [2, 3], [4]])
    expect(taken({ ...rules, sessionCount: 2 }, events)).toEqual([
      [0, 3],
      [2, 3],
      [4, 5],
    ])
  })
})

describe('the value of an attempt', () => {
  const events = eventsOf(['A 13:00:00', 'B 13:10:00', 'C 13:20:00'], { values: ['', '"web"', '"app"'] })
  const keyed = (rules: CountingRules, of: PersonEvents) =>
    countedByKey(rules, of, range, (json) => [json]).map(([key, { taken: steps }]) => [key, steps.length])

  it.each([
    ['first', '"web"'],
    ['last', '"app"'],
    [{ step: 0 }, ''],
    [{ step: 2 }, '"app"'],
  ] as const)('is that of %j', (attribution, key) => {
    expect(keyed(rulesOf(3, { attribution }), events)).toEqual([[key, 3]])
  })

  it('counts a person once under each, and only after the attempt before', () => {
    const lines = ['A 10:00:00', 'A 10:10:00', 'B 10:20:00', 'A 12:00:00', 'A 14:00:00', 'B 14:10:00']
    const values = ['"x"', '"y"', '', '"x"', '"y"', '']
    const more = eventsOf(lines, { values })
    expect(keyed(rulesOf(2), more)).toEqual([
      ['"x"', 2],
      ['"y"', 2],
    ])
    expect(keyed(rulesOf(2, totals), more)).toEqual([
      ['"x"', 2],
      ['"x"', 1],
      ['"y"', 2],
    ])
  })

  it('does not wait for other values when it is held constant', () => {
    const lines = ['A 10:00:00', 'A 10:10:00', 'B 10:20:00']
    const same = eventsOf(lines, { values: ['"x"', '"y"', '"y"'], held: ['x', 'y', 'y'] })
    expect(keyed(rulesOf(2), same)).toEqual([['"x"', 1]])
    expect(keyed(rulesOf(2, { isBreakdownHeld: true }), same)).toEqual([
      ['"x"', 1],
      ['"y"', 2],
    ])
  })

  it('is what the filter on whole attempts is asked of', () => {
    // The first event has nothing to say; the second one says no, or yes.
    expect(taken(rulesOf(2), { ...events, filters: [0, 2, 3] })).toEqual([])
    expect(taken(rulesOf(2), { ...events, filters: [0, 3, 2] })).toEqual([[0, 1]])
    expect(taken(rulesOf(2, { attribution: 'last' }), { ...events, filters: [2, 3, 2] })).toEqual([[0, 1]])
    expect(taken(rulesOf(2, { attribution: { step: 1 } }), { ...events, filters: [3, 2, 3] })).toEqual([])
  })
})

describe('a tally', () => {
  it('says how many came, how long it took them, and where most were lost', () => {
    const tally = emptyTally(3)
    const first: FunnelEvents = eventsOf(['A 13:00:00', 'B 13:10:00', 'C 13:40:00'])
    addAttempt(tally, first.times, { taken: [0, 1, 2], next: 3 })
    const second = eventsOf(['B 12:59:59', 'A 13:00:00'])
    addAttempt(tally, second.times, { taken: [1, 0], next: 2 })
    addAttempt(tally, second.times, { taken: [1], next: 2 })
    addAttempt(tally, second.times, { taken: [1], next: 2 })
    expect(stepResults(tally)).toEqual([
      { count: 4, avgTime: null, avgTimeFromStart: null, stepConversion: 1, overallConversion: 1 },
      { count: 2, avgTime: 300, avgTimeFromStart: 300, stepConversion: 0.5, overallConversion: 0.5 },
      { count: 1, avgTime: 1_800, avgTimeFromStart: 2_400, stepConversion: 0.5, overallConversion: 0.25 },
    ])
    expect(worstStep(tally)).toBe(1)
    expect(stepResults(emptyTally(2))[1]).toMatchObject({ count: 0, avgTime: null, stepConversion: 0 })
  })
})
