import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestEngines, type TestEngines } from '../../../../test/support/engines.ts'
import { projectScope } from '../../../kernel/scope.ts'
import { migrateClickhouse } from '../../../platform/clickhouse/migrate.ts'
import { daysOfHistory } from './days-of-history.ts'

let engines: TestEngines
const nowMs = Date.UTC(2026, 10, 23, 12)

const store = (projectId: number, ...times: readonly string[]): Promise<void> => {
  const rows = times.map((time, at) => ({
    project_id: projectId,
    event: 'a',
    time,
    distinct_id: 'u',
    insert_id: `${at}`,
  }))
  return engines.region.insert('event', rows.map((row) => JSON.stringify(row)).join('\n'))
}
const days = (projectId: number) => daysOfHistory(engines.region, projectScope(projectId, 'US'), nowMs)

beforeAll(async () => {
  engines = await openTestEngines()
  await migrateClickhouse(engines.region, 'server/migrations/clickhouse', (_name, work) => work())
  await store(1, '2026-11-20 00:00:00.000', '2026-09-30 23:59:59.999', '2026-10-01 00:00:00.000')
  await store(2, '1971-01-01 00:00:00.000')
  await store(3, '2026-11-23 12:30:00.000')
})
afterAll(() => engines.close())

describe('days of history', () => {
  it('counts from the month of the first event of this project alone', async () => {
    expect(await days(1)).toBe(30 + 31 + 23)
    expect(await days(2)).toBe((Date.UTC(2026, 10, 23) - Date.UTC(1971, 0, 1)) / 86_400_000 + 1)
    expect(await days(3)).toBe(23)
  })

  it('is 0 without events', async () => {
    expect(await days(4)).toBe(0)
  })
})
