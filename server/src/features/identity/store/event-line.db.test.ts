import { afterAll, beforeAll, expect, it } from 'vitest'
import { openTestEngines, type TestEngines } from '../../../../test/support/engines.ts'
import { migrateClickhouse } from '../../../platform/clickhouse/migrate.ts'
import { eventLineSql, lineSettings, visibleEventsSql } from './read-sql.ts'

let engines: TestEngines
beforeAll(async () => {
  engines = await openTestEngines()
  await migrateClickhouse(engines.region, 'server/migrations/clickhouse', (_name, work) => work())
})
afterAll(() => engines?.close())

const names = [
  'plain',
  'with space',
  '[a]^b',
  '~',
  '"',
  'a\\b',
  '/',
  '\n',
  '\u0000',
  '\u001f',
  '\u007f',
  'ß',
  '名',
  '\u2028',
  '',
  '$os',
]

// Export §3: one row by one, so that none takes the way of another, and all of them in one row.
it.each([...names.map((name) => [name]), names])('writes a name of any characters as JSON: %j', async (...some) => {
  const projectId = Math.floor(Math.random() * 2 ** 31)
  await engines.region.insert(
    'event',
    JSON.stringify({
      ...{ project_id: projectId, event: 'E', time: 1_750_000_000_000, distinct_id: 'd', insert_id: 'i' },
      properties: Object.fromEntries(some.map((name, at) => [name, String(at)])),
    }),
  )
  const [row] = await engines.region.rows<{ line: string }>(
    `SELECT ${eventLineSql('seconds')} AS line ${visibleEventsSql('everybody')}`,
    { params: { projectId }, settings: lineSettings },
  )
  const { properties } = JSON.parse(row?.line ?? '{}') as { properties: Record<string, unknown> }
  expect(properties).toEqual({
    ...{ time: 1_750_000_000, distinct_id: 'd', $insert_id: 'i' },
    ...Object.fromEntries(some.map((name, at) => [name, at])),
  })
})
