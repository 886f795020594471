import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestEngines, type TestEngines } from '../../../../test/support/engines.ts'
import { projectScope } from '../../../kernel/scope.ts'
import { migrateClickhouse } from '../../../platform/clickhouse/migrate.ts'
import {
  findIdentityRows,
  type IdentityRows,
  isSomebodysSql,
  linkedEventsSql,
  personKeySql,
  personSql,
  unlinkedEventsSql,
} from './identity-facts.ts'
import { visibleEventsSql } from './read-sql.ts'

let engines: TestEngines
beforeAll(async () => {
  engines = await openTestEngines()
  await migrateClickhouse(engines.region, 'server/migrations/clickhouse', (_name, work) => work())
})
afterAll(() => engines?.close())

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000)
let state = seed
const random = (below: number): number => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return Math.floor((state / 2 ** 32) * below)
}

const insert = (table: string, rows: readonly object[]) =>
  engines.region.insert(table, rows.map((row) => JSON.stringify(row)).join('\n'))

const fromOf: Record<IdentityRows, string> = {
  none: unlinkedEventsSql(),
  links: linkedEventsSql(),
  all: visibleEventsSql('everybody'),
}

/** Every event with who it belongs to; and that the key says the same as the id. */
const peopleOf = async (projectId: number, way: IdentityRows): Promise<readonly string[]> => {
  const rows = await engines.region.rows<{ insert_id: string; person: string; somebody: number; same: number }>(
    `SELECT e.insert_id AS insert_id, ${personSql[way]} AS person, ${isSomebodysSql} AS somebody,
            ${personKeySql[way]} = sipHash64(${personSql[way]}) AS same
     ${fromOf[way]} ORDER BY insert_id`,
    { params: { projectId } },
  )
  for (const { person, somebody, same } of rows)
    expect([somebody === 1, same === 1 || person === '']).toEqual([person !== '', true])
  return rows.map(({ insert_id, person }) => `${insert_id} ${person}`)
}

const fill = async (projectId: number): Promise<void> => {
  const names = ['A', 'B', '$hotshard_events']
  await insert(
    'event',
    Array.from({ length: 300 }, (_, at) => ({
      project_id: projectId,
      event: names[random(names.length)],
      time: '2026-01-01 00:00:00',
      distinct_id: at % 10 === 0 ? '' : `id${random(60)}`,
      insert_id: `i${String(at).padStart(3, '0')}`,
    })),
  )
}

describe(`who an event belongs to (seed ${seed})`, () => {
  it('is the id it was sent with, while nobody is linked', async () => {
    await fill(1)
    expect(await findIdentityRows(engines.region, projectScope(1, 'US'))).toBe('none')
    const people = await peopleOf(1, 'none')
    expect(people).toHaveLength(300)
    expect(await peopleOf(1, 'links')).toEqual(people)
    expect(await peopleOf(1, 'all')).toEqual(people)
  })

  it('is found the same by the short way, whatever links there are', async () => {
    await fill(2)
    await insert(
      'identity_link',
      Array.from({ length: 120 }, () => ({
        project_id: 2,
        distinct_id: `id${random(40)}`,
        canonical_id: `id${random(60)}`,
        linked_at: `2026-01-01 00:00:00.${String(random(1_000_000)).padStart(6, '0')}`,
        revision: random(3),
      })),
    )
    expect(await findIdentityRows(engines.region, projectScope(2, 'US'))).toBe('links')
    const people = await peopleOf(2, 'links')
    expect(people).toEqual(await peopleOf(2, 'all'))
    expect(people).not.toEqual(await peopleOf(2, 'none'))
  })

  it('takes the long way once somebody is hidden, or a link does not look back', async () => {
    const link = { distinct_id: 'a', canonical_id: 'b', linked_at: '2026-01-01 00:00:00' }
    await insert('identity_link', [{ ...link, project_id: 3, is_retroactive: 0 }])
    expect(await findIdentityRows(engines.region, projectScope(3, 'US'))).toBe('all')
    await insert('hidden_id', [{ batch_id: 'b', project_id: 4, distinct_id: 'a', cutoff: '2026-01-01 00:00:00' }])
    expect(await findIdentityRows(engines.region, projectScope(4, 'US'))).toBe('all')
    expect(await findIdentityRows(engines.region, projectScope(5, 'US'))).toBe('none')
  })
})
