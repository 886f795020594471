// Runs in a process of its own: the ClickHouse server of libchdb. It blocks, so nothing else can live here.
// Arguments are those of clickhouse-local; stdin must be a terminal, whose hang-up ends the server.
import { createRequire } from 'node:module'
import { DataType, load, open } from 'ffi-rs'
import { exitNow, textAt } from '../libc.ts'

open({
  library: 'chdb',
  path: createRequire(import.meta.url).resolve('@chdb/lib-linux-x64-gnu/libchdb.so'),
})

const argv = ['clickhouse', ...process.argv.slice(2)]
const result = load({
  library: 'chdb',
  funcName: 'query_stable_v2',
  paramsType: [DataType.I32, DataType.StringArray],
  paramsValue: [argv.length, argv],
  retType: {
    buf: DataType.U64,
    len: DataType.U64,
    vec: DataType.U64,
    elapsed: DataType.Double,
    rows_read: DataType.U64,
    bytes_read: DataType.U64,
    error_message: DataType.U64,
  },
})

// A pointer, null after a clean end: to read it as a string then would crash the process on its way out.
const failed = Number(result.error_message) !== 0
if (failed) process.stderr.write(`${textAt(Number(result.error_message))}\n`)
exitNow(failed ? 1 : 0)
