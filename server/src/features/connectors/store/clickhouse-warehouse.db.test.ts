import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ClickHouseSource, startClickHouseSource } from '../../../../test/support/warehouse-source.ts'
import { type Outbound, openOutbound } from '../../../platform/outbound-address.ts'
import type { SourceRow, TableQuestion } from '../domain/warehouse.ts'
import { createClickHouseWarehouse } from './clickhouse-warehouse.ts'

let source: ClickHouseSource
let outbound: Outbound
beforeAll(async () => {
  source = await startClickHouseSource()
  outbound = openOutbound(['127.0.0.0/8'])
  await source.query('CREATE DATABASE IF NOT EXISTS lethe')
  await source.query(`CREATE TABLE lethe.row (id UInt64, who LowCardinality(Nullable(String)), \`odd \\\`name'\` String,
    put DateTime('UTC'), at DateTime64(3), more Map(String, Int64)) ENGINE = MergeTree ORDER BY id`)
  await source.query(`INSERT INTO lethe.row SELECT 9007199254740992 + number, if(number = 0, NULL, toString(number)), 'x"y',
    toDateTime('2024-01-01 00:00:00', 'UTC') + number % 10, toDateTime64('2024-02-01 00:00:00.5', 3, 'UTC'), map('a', 1)
    FROM numbers(1200)`)
})
afterAll(async () => {
  outbound?.close()
  await source?.close()
})

const open = (more: { readonly user?: string; readonly url?: string; readonly password?: string } = {}) => {
  const { url, username, password } = source.endpoint
  const connection = { url: more.url ?? url, database: 'lethe', user: more.user ?? username }
  return createClickHouseWarehouse(outbound, connection, more.password ?? password)
}
const question = (more: Partial<TableQuestion> = {}): TableQuestion => ({
  table: { schema: null, table: 'row' },
  timeColumn: 'at',
  insertTimeColumn: null,
  after: null,
  ...more,
})
const read = async (asked: TableQuestion): Promise<readonly SourceRow[]> =>
  (await Array.fromAsync(open().rows(asked, new AbortController().signal))).flat()

describe('a ClickHouse table', () => {
  it('is read in batches, with numbers as they are and any name of a column', async () => {
    const batches = await Array.fromAsync(open().rows(question(), new AbortController().signal))
    expect(batches.map(({ length }) => length)).toEqual([500, 500, 200])
    const row = batches.flat().find(({ values }) => values['who'] === '1')
    expect(row).toMatchObject({ time: 1_706_745_600_500, insertTime: null })
    expect(JSON.stringify(row?.values)).toContain('"id":9007199254740993')
    expect(row?.values).toMatchObject({ "odd `name'": 'x"y', more: { a: 1 } })
    expect(batches.flat().filter(({ values }) => values['who'] === null)).toHaveLength(1)
  })

  it('is read in the order of insertion, and from an instant on', async () => {
    const all = await read(question({ insertTimeColumn: 'put' }))
    expect(all.map(({ insertTime }) => insertTime)).toEqual(all.map(({ insertTime }) => insertTime).sort())
    const insertTime = all[600]?.insertTime ?? ''
    const readFrom = (isInclusive: boolean) =>
      read(question({ insertTimeColumn: 'put', after: { insertTime, isInclusive } }))
    expect(await readFrom(true)).toHaveLength(600)
    expect(await readFrom(false)).toHaveLength(480)
  })

  it('says in our words what is wrong', async () => {
    await expect(open({ password: 'wrong' }).test()).rejects.toThrow('the warehouse refused the user or the password')
    await expect(open({ url: 'http://127.0.0.1:9' }).test()).rejects.toThrow('the warehouse cannot be reached')
    await expect(read(question({ table: { schema: null, table: 'none' } }))).rejects.toThrow('no such table')
    await expect(read(question({ timeColumn: 'none' }))).rejects.toThrow('the table has no column none')
    await expect(read(question({ insertTimeColumn: 'who' }))).rejects.toThrow('must be a column of timestamps')
    await open().test()
  })

  it('can change nothing there', async () => {
    const evil = question({ table: { schema: null, table: 'row` ; DROP TABLE row --' } })
    await expect(read(evil)).rejects.toThrow('no such table')
    expect(await read(question())).toHaveLength(1_200)
  })

  it('does not lead where the server must not go', async () => {
    const guarded = openOutbound([])
    const { url, username, password } = source.endpoint
    const warehouse = createClickHouseWarehouse(guarded, { url, database: 'lethe', user: username }, password)
    await expect(warehouse.test()).rejects.toThrow('is not a public address')
    guarded.close()
  })
})
