import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { basic, type Lethe, newDataDir, startLethe } from '../support/lethe.ts'
import { adminAccount, us } from '../support/provision.ts'
import { waitFor } from '../support/wait-for.ts'
import { type PostgresSource, startPostgresSource } from '../support/warehouse-source.ts'

const rowCount = 6_000
const admin = basic(adminAccount.username, adminAccount.secret)
const sources = `/api/app/projects/${us.id}/warehouse-sources`
const env = { LETHE_OUTBOUND_ALLOW: '127.0.0.1/32' }

let warehouse: PostgresSource
let dataDir: string
let lethe: Lethe
beforeAll(async () => {
  warehouse = await startPostgresSource()
  await warehouse.query('CREATE TABLE big (id int, who text, happened timestamptz, put timestamptz)')
  // Many rows of the same instant of insertion: a cut falls among them.
  await warehouse.query(
    `INSERT INTO big SELECT n, 'u' || n, '2024-01-01'::timestamptz + n * interval '1 second',
       '2024-03-01'::timestamptz + n / 1300 * interval '1 second' FROM generate_series(1, ${rowCount}) AS n`,
  )
  dataDir = await newDataDir()
  lethe = await startLethe({ dataDir, env })
})
afterAll(async () => {
  await lethe?.stop()
  await warehouse?.close()
  await rm(dataDir, { recursive: true, force: true })
})

const call = async (method: string, rest: string, body?: object) => {
  const answer = await lethe.send(method, sources + rest, { headers: admin, ...(body === undefined ? {} : { body }) })
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)])
  return answer.json().results
}
const newest = async (id: number) => (await call('GET', `/imports/${id}/history`)).runs[0]
const countByIds = async (): Promise<{ readonly rows: number; readonly ids: number }> => {
  const query = `project_id=${us.id}&from_date=2024-01-01&to_date=2024-01-02`
  const { text } = await lethe.get(`/api/2.0/export?${query}`, { headers: admin })
  const lines = text.split('\n').filter((line) => line !== '')
  const ids = lines.map((line) => JSON.parse(line).properties.$insert_id as string)
  return { rows: ids.length, ids: new Set(ids).size }
}

describe('a server that is killed while it imports', () => {
  it.each(['time_based', 'one_time'])('%s: goes on without a gap, and the same row is the same event', async (mode) => {
    const source = await call('POST', '', {
      ...{ name: mode, type: 'postgres', host: '127.0.0.1', port: warehouse.port, sslmode: 'disable' },
      ...{ database: warehouse.database, user: warehouse.user, password: warehouse.password },
    })
    const before = (await countByIds()).ids
    const { id } = await call('POST', '/imports/event-stream', {
      ...{
        import_type: 'event_stream',
        warehouse_source_id: source.id,
        table_params: { schema: 'public', table: 'big' },
      },
      ...{ event_name: mode, time_column_name: 'happened', user_column_name: 'who', sync_mode: mode },
      ...(mode === 'time_based' ? { insert_time_column_name: 'put', run_every: 3_600_000_000_000 } : {}),
    })
    for (const share of [0.1, 0.5]) {
      await waitFor('a part of the rows', async () => (await newest(id)).num_events_imported > rowCount * share, 60_000)
      await lethe.kill9()
      lethe = await startLethe({ dataDir, env })
    }
    await waitFor('the end of the run', async () => (await newest(id)).status === 'SUCCEEDED', 120_000)
    expect((await countByIds()).ids - before).toBe(rowCount)
    const query = `project_id=${us.id}&from_date=2024-01-01&to_date=2024-01-02&unit=day&event=${mode}`
    const answer = (await lethe.get(`/api/query/segmentation?${query}`, { headers: admin })).json()
    const perDay = Object.values(answer.data.values[mode] as Record<string, number>)
    expect(perDay.reduce((sum, count) => sum + count, 0)).toBe(rowCount)
  })
})
