// Long: every promise of a table, over one rig of real engines and faults.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openTestEngines, type TestEngines } from '../../../test/support/engines.ts'
import type { AuditEntry } from '../../kernel/audit.ts'
import { AppError, EngineUnavailable } from '../../kernel/errors.ts'
import { type ProjectScope, projectScope } from '../../kernel/scope.ts'
import { migrateClickhouse } from '../../platform/clickhouse/migrate.ts'
import type { RegionDb } from '../../platform/clickhouse/region-db.ts'
import { migratePostgres } from '../../platform/postgres/migrate.ts'
import { replaceTable } from './replace-table.ts'
import { createLookupRows } from './store/clickhouse-lookup-rows.ts'
import { createLookupTableStore, type Who } from './store/postgres-lookup-table-store.ts'
import { createSweep } from './sweep.ts'

let engines: TestEngines
const scope = projectScope(1, 'US')
const other = projectScope(2, 'US')
const who: Who = { actor: { type: 'system', id: null, name: null }, organizationId: 1 }
const audited: string[] = []
const appendAudit = async (_tx: unknown, { type, target }: AuditEntry) => {
  audited.push(`${type} ${target?.id}`)
}
const limits = { rowCountMax: 10, uploadCountMax: 20 }

beforeAll(async () => {
  engines = await openTestEngines()
  await migrateClickhouse(engines.region, 'server/migrations/clickhouse', (_name, work) => work())
  await migratePostgres(engines.controlConnection, 'server/migrations/postgres')
  await engines.control.rows(`INSERT INTO organization (id, name) VALUES (1, 'Acme')`)
  for (const id of [1, 2]) {
    await engines.control.rows(
      `INSERT INTO project (id, organization_id, name, region, cluster, identity_mode, token, secret_hash)
       VALUES ($1, 1, 'Shop', 'US', 'c', 'simplified', $2, $2)`,
      [id, `t${id}`],
    )
  }
})
afterAll(() => engines.close())
beforeEach(async () => {
  await engines.control.rows('TRUNCATE lookup_table, lookup_upload')
  await engines.region.command('TRUNCATE TABLE lookup_row')
})

const problems: unknown[] = []
const open = (faulty: Partial<RegionDb> = {}, bounds = limits) => {
  const tables = createLookupTableStore({ control: engines.control, appendAudit, limits: bounds })
  const rowsOf = () => createLookupRows({ ...engines.region, ...faulty })
  const sweep = createSweep({ tables, rowsOf, onProblem: (_regionId, error) => problems.push(error) })
  const put = (id: string, body: string | AsyncIterable<Buffer>, of: ProjectScope = scope) => {
    const chunks = typeof body === 'string' ? inPieces(body) : body
    return replaceTable({ tables, rowsOf, sweep }, of, id, { chunks, signal: new AbortController().signal, who })
  }
  return { tables, sweep, put }
}
async function* inPieces(text: string) {
  for (let at = 0; at < text.length; at += 7) yield Buffer.from(text.slice(at, at + 7))
}
async function* whole(text: string) {
  yield Buffer.from(text)
}
const aTable = async (of = scope): Promise<string> => (await open().tables.create(of, `Table ${Math.random()}`, who)).id

/** The rows that count, by key. */
const current = async (id: string): Promise<Record<string, Record<string, string>>> => {
  const [table] = await engines.control.rows<{ version: string | null; row_count: number }>(
    'SELECT version, row_count FROM lookup_table WHERE id = $1',
    [id],
  )
  if (table?.version == null) return {}
  const rows = await engines.region.rows<{ row_key: string; values: Record<string, string> }>(
    'SELECT row_key, values FROM lookup_row WHERE table_id = {id:UUID} AND version = {version:UUID} ORDER BY row_index',
    { params: { id, version: table.version } },
  )
  expect(rows).toHaveLength(table.row_count)
  return Object.fromEntries(rows.map(({ row_key, values }) => [row_key, values]))
}
const storedCount = async (): Promise<number> =>
  Number((await engines.region.rows<{ n: string }>('SELECT count() AS n FROM lookup_row'))[0]?.n)

describe('a lookup table', () => {
  it('becomes the rows of the file, typed, and then those of the next file', async () => {
    const { put } = open()
    const id = await aTable()
    expect(await put(id, 'id,plan,seats,since\na,"Pro, ""x""",3,2024-01-02T03:04:05Z\r\n7,,TRUE,\n')).toEqual([])
    expect(await current(id)).toEqual({
      a: { id: '"a"', plan: '"Pro, \\"x\\""', seats: '3', since: '"2024-01-02T03:04:05"' },
      7: { id: '7', seats: 'true' },
    })
    expect(await put(id, 'key,tags\nb,"[""x"",""y""]"\n')).toEqual([])
    expect(await current(id)).toEqual({ b: { key: '"b"', tags: '["x","y"]' } })
    expect(await storedCount()).toBe(1)
  })

  it('may be made empty by a file with a header alone', async () => {
    const { put } = open()
    const id = await aTable()
    await put(id, 'id,a\n1,x\n')
    expect(await put(id, 'id,a\n')).toEqual([])
    expect(await current(id)).toEqual({})
    expect(await storedCount()).toBe(0)
  })

  it('stays as it was when rows are bad, and says which', async () => {
    const { put } = open()
    const id = await aTable()
    await put(id, 'id,a\n1,old\n')
    expect(await put(id, 'id,a\nx,1\nx,2\n ,3\ny\nz,1\nx,4\n0,1\n"q"q,1\n')).toEqual([
      { index: 2, message: 'invalid row: row indexes 1 and 2 have the same primary key' },
      { index: 3, message: 'primary key is required and cannot be blank' },
      { index: 4, message: 'invalid row: wrong number of fields' },
      { index: 7, message: 'primary key is required and cannot be blank' },
      { index: 8, message: 'invalid row: extraneous or missing " in quoted-field' },
    ])
    expect(await current(id)).toEqual({ 1: { id: '1', a: '"old"' } })
    expect(await storedCount()).toBe(1)
  })

  it('reports no more than ten rows, and then reads no further', async () => {
    const { put } = open()
    let isReadOn = false
    const body = async function* () {
      yield Buffer.from(`id,a\n${'x\n'.repeat(10)}`)
      isReadOn = true
    }
    const failed = await put(await aTable(), body())
    expect(failed.map(({ index }) => index)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    expect(isReadOn).toBe(false)
    const pairs = Array.from({ length: 5 }, (_, at) => `d${at},1\nd${at},2\n`).join('')
    expect(await open().put(await aTable(), `id,a\n${pairs}`)).toHaveLength(5)
  })

  it('stays as it was when the body breaks, is no CSV or no UTF-8', async () => {
    const { put } = open()
    const id = await aTable()
    await put(id, 'id,a\n1,old\n')
    const broken = async function* () {
      yield Buffer.from('id,a\n2,new\n')
      throw new Error('gone')
    }
    await expect(put(id, broken())).rejects.toThrow('gone')
    await expect(put(id, '')).rejects.toThrow('must be a CSV file that begins with a header')
    await expect(put(id, 'id,id\n1,2\n')).rejects.toThrow('column names must be unique')
    const latin = async function* () {
      yield Buffer.from('id,a\n2,', 'latin1')
      yield Buffer.from([0xe9, 0x0a])
    }
    await expect(put(id, latin())).rejects.toThrow('not valid UTF-8')
    expect(await current(id)).toEqual({ 1: { id: '1', a: '"old"' } })
    expect(await storedCount()).toBe(1)
  })

  it('reads characters that are cut between two pieces, after a byte order mark', async () => {
    const bytes = Buffer.from('\ufeffid,a\n😀,é\n')
    const body = async function* () {
      for (const byte of bytes) yield Buffer.from([byte])
    }
    const id = await aTable()
    expect(await open().put(id, body())).toEqual([])
    expect(await current(id)).toEqual({ '😀': { id: '"😀"', a: '"é"' } })
  })

  const fail = async () => {
    throw new EngineUnavailable('down')
  }
  const age = () => engines.control.rows(`UPDATE lookup_upload SET started_at = now() - interval '2 hours'`)

  it.each(['insert', 'rows'] as const)(
    'stays as it was when %s fails; what may be left goes when it is old',
    async (name) => {
      const id = await aTable()
      await open().put(id, 'id,a\n1,old\n')
      await expect(open({ [name]: fail }).put(id, 'id,a\n2,new\n')).rejects.toThrow('down')
      await open().sweep('US')
      expect(await current(id)).toEqual({ 1: { id: '1', a: '"old"' } })
      expect(await storedCount()).toBe(name === 'insert' ? 1 : 2)
      await age()
      await open().sweep('US')
      expect(await current(id)).toEqual({ 1: { id: '1', a: '"old"' } })
      expect(await storedCount()).toBe(1)
      expect(problems).toEqual([])
    },
  )

  it('is replaced also when the old rows cannot be removed now; they go with the next upload', async () => {
    const id = await aTable()
    await open().put(id, 'id,a\n1,old\n')
    expect(await open({ command: fail }).put(id, 'id,a\n2,new\n')).toEqual([])
    expect(problems.splice(0)).toEqual([expect.any(EngineUnavailable)])
    expect(await current(id)).toEqual({ 2: { id: '2', a: '"new"' } })
    expect(await storedCount()).toBe(2)
    expect(await open().put(id, 'id,a\n3,x\n')).toEqual([])
    expect(await storedCount()).toBe(1)
  })

  it('may be larger than a block, and stays as it was when one of several blocks fails', async () => {
    const { tables, sweep, put } = open({}, { rowCountMax: 100, uploadCountMax: 20 })
    const id = await aTable()
    const wide = (of: string, rowCount: number) =>
      `id,a\n${Array.from({ length: rowCount }, (_, at) => `${of}${at},${'x'.repeat(500_000)}\n`).join('')}`
    expect(await put(id, whole(wide('a', 40)))).toEqual([])
    expect(Object.keys(await current(id))).toHaveLength(40)
    for (const failing of [1, 2, 3]) {
      let callCount = 0
      const insert: RegionDb['insert'] = async (...args) => {
        callCount += 1
        if (callCount === failing) throw new AppError('INTERNAL', 'broken', { status: 500 })
        return engines.region.insert(...args)
      }
      const faulty = open({ insert }, { rowCountMax: 100, uploadCountMax: 20 })
      await expect(faulty.put(id, whole(wide('b', 40)))).rejects.toThrow('broken')
      expect(callCount).toBe(failing)
      expect(await storedCount()).toBe(40)
    }
    await tables.remove(scope, id, who)
    await sweep('US')
    expect(await storedCount()).toBe(0)
    const done = audited.filter((line) => line.includes(id)).map((line) => line.split(' ', 1)[0])
    expect(done).toEqual(['lookup_table.created', 'lookup_table.updated', 'lookup_table.deleted'])
  })

  it('is one of two files that arrive at once, wholly', async () => {
    const id = await aTable()
    const file = (name: string) => `id,from\n${[1, 2, 3].map((key) => `${name}${key},${name}\n`).join('')}`
    for (let round = 0; round < 3; round += 1) {
      const failed = await Promise.all([open().put(id, file('a')), open().put(id, file('b'))])
      expect(failed).toEqual([[], []])
      const rows = await current(id)
      expect(new Set(Object.values(rows).map(({ from }) => from)).size).toBe(1)
      expect(Object.keys(rows)).toHaveLength(3)
      expect(await storedCount()).toBe(3)
    }
  })

  it('that is removed during an upload stays removed', async () => {
    const { put, tables, sweep } = open()
    const id = await aTable()
    const body = async function* () {
      yield Buffer.from('id,a\n1,x\n')
      await tables.remove(scope, id, who)
      await sweep('US')
    }
    await expect(put(id, body())).rejects.toThrow(`Lookup table with id '${id}' was not found.`)
    expect(await tables.list(scope)).toEqual([])
    expect(await storedCount()).toBe(0)
  })

  it('is not made of an upload that was given up for dead', async () => {
    const { put, tables, sweep } = open()
    const id = await aTable()
    await put(id, 'id,a\n1,old\n')
    const body = async function* () {
      yield Buffer.from('id,a\n2,new\n')
      await age()
      await sweep('EU')
      expect(await tables.retired('EU')).toEqual([])
      await sweep('US')
    }
    await expect(put(id, body())).rejects.toMatchObject({ status: 503 })
    expect(await current(id)).toEqual({ 1: { id: '1', a: '"old"' } })
    expect(await storedCount()).toBe(1)
  })

  it('of another project is not there', async () => {
    const { put, tables } = open()
    const id = await aTable(other)
    const notFound = `Lookup table with id '${id}' was not found.`
    await expect(put(id, 'id,a\n1,x\n')).rejects.toThrow(notFound)
    await expect(tables.remove(scope, id, who)).rejects.toThrow(notFound)
    expect(await tables.list(scope)).toEqual([])
    expect((await tables.list(other)).map((table) => table.id)).toEqual([id])
  })
})

describe('limits of a project', () => {
  const fileOf = (rowCount: number) => `id,a\n${Array.from({ length: rowCount }, (_, at) => `k${at},x\n`).join('')}`

  it('are ten rows over all tables, here', async () => {
    const { put } = open()
    const [first, second] = [await aTable(), await aTable()]
    expect(await put(first, fileOf(6))).toEqual([])
    expect(await put(first, fileOf(7))).toEqual([])
    await expect(put(second, fileOf(4))).rejects.toMatchObject({ status: 400, message: expect.stringContaining('10') })
    expect(await put(second, fileOf(3))).toEqual([])
    expect(await put(await aTable(other), fileOf(10), other)).toEqual([])
    expect(Object.keys(await current(first))).toHaveLength(7)
  })

  it('hold for two tables that grow at once', async () => {
    const [first, second] = [await aTable(), await aTable()]
    const done = await Promise.allSettled([open().put(first, fileOf(6)), open().put(second, fileOf(6))])
    expect(done.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(await storedCount()).toBe(6)
  })

  it('are twenty uploads in 24 hours, here, whatever became of them', async () => {
    const { put } = open()
    const id = await aTable()
    const settled = await Promise.allSettled(Array.from({ length: 25 }, () => put(id, 'no')))
    const statuses = settled.map((one) => (one.status === 'rejected' ? (one.reason as { status: number }).status : 0))
    expect(statuses.sort()).toEqual([...Array(20).fill(400), ...Array(5).fill(429)])
    await expect(put(id, fileOf(1))).rejects.toMatchObject({ retryAfterSeconds: expect.closeTo(86_400, -2) })
    expect(await put(await aTable(other), fileOf(1), other)).toEqual([])
    await engines.control.rows(`UPDATE lookup_upload SET started_at = now() - interval '25 hours'`)
    expect(await put(id, fileOf(1))).toEqual([])
    const [left] = await engines.control.rows('SELECT count(*)::int AS n FROM lookup_upload WHERE project_id = 1')
    expect(left).toEqual({ n: 1 })
  })
})
