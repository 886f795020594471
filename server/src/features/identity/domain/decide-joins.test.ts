import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clusterIdCountMax, type DecidedLink, decideJoins, type LinkedId } from './decide-joins.ts'
import type { Join } from './read-join.ts'

const uuid = (at: number) => `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`
const identify = (to: string, from: string): Join => ({ kind: 'identify', from, to })
const alias = (from: string, to: string): Join => ({ kind: 'alias', from, to })
const merge = (to: string, from: string): Join => ({ kind: 'merge', from, to })
const linked = (distinctId: string, canonicalId: string | null, revision = 1): LinkedId => ({
  distinctId,
  canonicalId,
  revision,
  appliesFrom: `at ${distinctId}`,
})
const cluster = (canonicalId: string, size: number): readonly LinkedId[] =>
  Array.from({ length: size - 1 }, (_, at) => linked(`${canonicalId}${at}`, canonicalId))

const original = (joins: readonly Join[], before: readonly LinkedId[] = []) => decideJoins('original', joins, before)
const legacy = (joins: readonly Join[], before: readonly LinkedId[] = []) => decideJoins('legacy', joins, before)
const linksOf = (links: readonly DecidedLink[]) => links.map(({ distinctId, canonicalId }) => [distinctId, canonicalId])

describe('original mode', () => {
  it.each([
    ['an anonymous id', identify('U', uuid(1)), [], [[uuid(1), 'U']]],
    ['a device with its prefix', identify('U', `$device:${uuid(1)}`), [], [[`$device:${uuid(1)}`, 'U']]],
    ['an upper-case UUID', identify('U', uuid(1).toUpperCase().replace('8000', 'ABCD')), [], 1],
    ['a further anonymous id of a person', identify('U', uuid(2)), [linked(uuid(1), 'U')], [[uuid(2), 'U']]],
    ['an id that is an alias', identify('A', uuid(2)), [linked('A', 'U')], [[uuid(2), 'U']]],
    ['an alias', alias('A', 'U'), [], [['A', 'U']]],
    ['an alias of an alias', alias('B', 'A'), [linked('A', 'U')], [['B', 'U']]],
    ['two persons of one size: the first stays', merge('U', 'V'), [], [['V', 'U']]],
    ['a larger person keeps its id', merge('U', 'V'), [linked('V1', 'V')], [['U', 'V']]],
    [
      'an alias that has ids of its own keeps its id',
      alias('V', 'U'),
      cluster('V', 3),
      [
        ['U', 'V'],
        ['V', 'V'],
      ],
    ],
  ])('joins %s', (_name, join, before, links) => {
    const decision = original([join], before)
    expect(decision.failures).toEqual([null])
    if (typeof links === 'number') expect(decision.links).toHaveLength(links)
    else expect(linksOf(decision.links)).toEqual(links)
    expect(decision.links.every(({ isRetroactive, appliesFrom }) => isRetroactive && appliesFrom === null)).toBe(true)
  })

  it.each([
    ['the same id', merge('U', 'U'), [], 'same_id'],
    ['an anonymous id that is no UUID', identify('U', 'anna'), [], 'anon_id_not_uuid4'],
    ['a UUID of another version', identify('U', uuid(1).replace('-4000', '-1000')), [], 'anon_id_not_uuid4'],
    ['a UUID of another variant', identify('U', uuid(1).replace('-8000', '-7000')), [], 'anon_id_not_uuid4'],
    ['an anonymous id of somebody else', identify('U', uuid(1)), [linked(uuid(1), 'V')], 'anon_id_already_merged'],
    ['an anonymous id that others belong to', identify('U', uuid(1)), [linked('V', uuid(1))], 'anon_id_already_merged'],
    ['an alias of somebody else', alias('A', 'V'), [linked('A', 'U')], 'alias_already_used'],
    ['a placeholder', merge('undefined', 'U'), [], 'id_not_a_person'],
    ['an alias that is a placeholder', alias('NULL', 'U'), [], 'id_not_a_person'],
  ])('does not join %s', (_name, join, before, failure) => {
    expect(original([join], before)).toEqual({ failures: [failure], links: [], clusters: [], movedCanonicalIds: [] })
  })

  it('writes nothing for a join that was made before', () => {
    const before = [linked(uuid(1), 'U'), linked('A', 'U')]
    for (const join of [identify('U', uuid(1)), alias('A', 'U'), merge('A', uuid(1)), merge(uuid(1), 'U')]) {
      const decision = original([join], before)
      expect(decision.failures).toEqual([null])
      expect(decision.links).toEqual([])
      expect(decision.clusters).toEqual([{ canonicalId: 'U', memberIds: ['U', uuid(1), 'A'] }])
    }
  })

  it('takes the 500th id, and refuses the 501st', () => {
    const full = cluster('U', clusterIdCountMax - 1)
    const decision = original([identify('U', uuid(1)), identify('U', uuid(2)), merge('U', 'V')], full)
    expect(decision.failures).toEqual([null, 'cluster_limit_exceeded', 'cluster_limit_exceeded'])
    expect(decision.clusters[0]?.memberIds).toHaveLength(500)
    const halves = [...cluster('U', 250), ...cluster('V', 251)]
    expect(original([merge('U', 'V')], halves).failures).toEqual(['cluster_limit_exceeded'])
  })

  it('knows an alias that became the canonical id as used', () => {
    const first = original([alias('V', 'U')], cluster('V', 3))
    const after = [...cluster('V', 3), ...first.links.map((link) => ({ ...link, appliesFrom: '' }))]
    expect(original([alias('V', 'W')], after).failures).toEqual(['alias_already_used'])
    expect(original([alias('V', 'U')], after).failures).toEqual([null])
    expect(original([merge('V', 'W')], after).failures).toEqual([null])
  })

  it('moves every id of the smaller person, by the next revision of each', () => {
    const before = [...cluster('V', 4), linked('U0', 'U', 3), linked('U1', 'U', 5)]
    const decision = original([merge('U', 'V')], before)
    expect(decision.links.map(({ distinctId, canonicalId, revision }) => [distinctId, canonicalId, revision])).toEqual([
      ['U', 'V', 1],
      ['U0', 'V', 4],
      ['U1', 'V', 6],
    ])
    expect(decision.movedCanonicalIds).toEqual(['U', 'V'])
  })

  it('takes an id whose links are hidden for a new one, and writes above them', () => {
    const decision = original([identify('U', uuid(1))], [linked(uuid(1), null, 7)])
    expect(decision.links).toMatchObject([{ distinctId: uuid(1), canonicalId: 'U', revision: 8 }])
  })

  it('refuses to move an id that has no revision left', () => {
    expect(original([merge('U', 'V')], [linked('V', null, 4_000)]).failures).toEqual(['cluster_limit_exceeded'])
  })
})

describe('legacy mode', () => {
  it('maps an alias to the root of what it stands for, once', () => {
    const decision = legacy([alias('B', 'A'), alias('C', 'B'), alias('B', 'Z'), alias('B', 'A')])
    expect(decision.failures).toEqual([null, null, 'alias_already_used', null])
    expect(linksOf(decision.links)).toEqual([
      ['B', 'A'],
      ['C', 'A'],
    ])
    expect(decision.links.every(({ isRetroactive }) => isRetroactive)).toBe(false)
  })

  it('moves the aliases of a root that becomes an alias, from when they were made', () => {
    const decision = legacy([alias('A', 'Z')], [linked('B', 'A')])
    expect(decision.links).toEqual([
      { distinctId: 'A', canonicalId: 'Z', revision: 1, isRetroactive: false, appliesFrom: null },
      { distinctId: 'B', canonicalId: 'Z', revision: 2, isRetroactive: false, appliesFrom: 'at B' },
    ])
  })

  it('has no limit of ids and makes no circles', () => {
    expect(legacy([alias('B', 'A')], cluster('A', 900)).failures).toEqual([null])
    const circle = legacy([alias('A', 'B')], [linked('B', 'A')])
    expect([circle.failures, circle.links]).toEqual([[null], []])
  })
})

describe('random joins', () => {
  const ids = ['A', 'B', 'C', 'D', 'E', 'F', uuid(1), uuid(2), uuid(3), uuid(4)]
  const anId = fc.constantFrom(...ids)
  const aJoin = fc.record({ kind: fc.constantFrom('identify', 'alias', 'merge'), from: anId, to: anId })
  const joins = fc.array(aJoin as fc.Arbitrary<Join>, { maxLength: 25 })
  const mode = fc.constantFrom('original', 'legacy')

  const applied = (before: readonly LinkedId[], links: readonly DecidedLink[]): readonly LinkedId[] => {
    const rows = new Map(before.map((row) => [row.distinctId, row]))
    for (const link of links) {
      expect(link.revision).toBeGreaterThan(rows.get(link.distinctId)?.revision ?? 0)
      rows.set(link.distinctId, { ...link, appliesFrom: link.appliesFrom ?? '' })
    }
    return [...rows.values()]
  }
  const canonicalIn = (rows: readonly LinkedId[], id: string) =>
    rows.find((row) => row.distinctId === id)?.canonicalId ?? id
  const picture = (rows: readonly LinkedId[]) => ids.map((id) => canonicalIn(rows, id))

  it('make one person of exactly those that were joined, one step away from the canonical id', () => {
    fc.assert(
      fc.property(mode, joins, (which, all) => {
        const { failures, links } = decideJoins(which, all, [])
        const rows = applied([], links)
        const person = new Map(ids.map((id) => [id, id]))
        for (const [at, { from, to }] of all.entries()) {
          if (failures[at] !== null) continue
          const [old, next] = [person.get(from), person.get(to)]
          for (const [id, of] of person) if (of === old) person.set(id, next as string)
        }
        for (const a of ids) {
          expect(canonicalIn(rows, canonicalIn(rows, a))).toBe(canonicalIn(rows, a))
          for (const b of ids) {
            expect(canonicalIn(rows, a) === canonicalIn(rows, b)).toBe(person.get(a) === person.get(b))
          }
        }
      }),
    )
  })

  it('are decided alike in one batch and one by one', () => {
    fc.assert(
      fc.property(mode, joins, (which, all) => {
        const atOnce = decideJoins(which, all, [])
        let rows: readonly LinkedId[] = []
        const failures = all.map((join) => {
          const decision = decideJoins(which, [join], rows)
          rows = applied(rows, decision.links)
          return decision.failures[0]
        })
        expect(failures).toEqual(atOnce.failures)
        expect(picture(rows)).toEqual(picture(applied([], atOnce.links)))
      }),
    )
  })

  it('change a canonical id only for that of a person who is not smaller', () => {
    fc.assert(
      fc.property(joins, aJoin as fc.Arbitrary<Join>, (all, last) => {
        const before = applied([], decideJoins('original', all, []).links)
        const after = applied(before, decideJoins('original', [last], before).links)
        const size = (rows: readonly LinkedId[], canonical: string) =>
          picture(rows).filter((of) => of === canonical).length
        for (const [at, canonical] of picture(before).entries()) {
          const now = picture(after)[at] as string
          if (now !== canonical) expect(size(before, now)).toBeGreaterThanOrEqual(size(before, canonical))
        }
      }),
    )
  })
})
