// A process that holds engines, the data folder's lock and a child of its own, for tests that kill it.
// Arguments: folder, then any of: clickhouse postgres lock child. Prints one JSON line when ready.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { openEmbeddedRegionDb } from '../../src/platform/clickhouse/clickhouse-region-db.ts'
import { lockDataFolder } from '../../src/platform/data-folder-lock.ts'
import { startPostgres } from '../../src/platform/postgres/embedded-postgres.ts'

const [folder = '', ...parts] = process.argv.slice(2)
if (parts.includes('lock')) lockDataFolder(folder)
const child = parts.includes('child') ? spawn('sleep', ['60'], { stdio: 'ignore', detached: true }) : null
const region = parts.includes('clickhouse')
  ? await openEmbeddedRegionDb({ regionId: 'US', folder: join(folder, 'clickhouse') })
  : null
const postgres = parts.includes('postgres') ? await startPostgres({ folder: join(folder, 'control') }) : null

const pids = { engine: region?.enginePid() ?? null, postgres: postgres?.pid() ?? null, child: child?.pid ?? null }
process.stdout.write(`${JSON.stringify(pids)}\n`)
setInterval(() => undefined, 60_000)
