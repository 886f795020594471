import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import { sha256Hex } from '../../kernel/hash.ts'

export interface EngineLimits {
  /** Default: a third of the machine, at most 8 GiB. */
  readonly maxMemoryBytes?: number
  /** Threads of one query. Default: as many as cores. */
  readonly maxThreads?: number
}

export interface EngineConfig extends EngineLimits {
  /** The engine's own folder: config, password, data. */
  readonly folder: string
  readonly port: number
  readonly password: string
}

const gib = 1024 ** 3
const tag = (name: string, value: string | number): string => `<${name}>${value}</${name}>`
const tags = (values: Readonly<Record<string, string | number>>): string =>
  Object.entries(values)
    .map(([name, value]) => tag(name, value))
    .join('\n')

// No <logger> and no *_log tables: queries hold personal values (ARCHITECTURE, invariant 10).
const serverXml = (config: EngineConfig): string => `<clickhouse>
${tags({
  http_port: config.port,
  listen_host: '127.0.0.1',
  users_config: 'users.xml',
  max_server_memory_usage: config.maxMemoryBytes ?? Math.min(8 * gib, Math.floor(totalmem() / 3)),
  max_server_memory_usage_to_ram_ratio: 0.9,
  mark_cache_size: 128 * 1024 ** 2,
  max_concurrent_queries: 200,
  keep_alive_timeout: 30,
  background_pool_size: 2,
  background_merges_mutations_concurrency_ratio: 2,
  background_schedule_pool_size: 8,
  background_common_pool_size: 2,
  background_move_pool_size: 1,
  background_fetches_pool_size: 1,
  background_message_broker_schedule_pool_size: 1,
  background_distributed_schedule_pool_size: 2,
})}
<merge_tree>
${tags({
  // Durable before the reply (invariant 4), and a merge may not replace durable parts by parts in the page cache.
  fsync_after_insert: 1,
  fsync_part_directory: 1,
  min_rows_to_fsync_after_merge: 1,
  min_compressed_bytes_to_fsync_after_merge: 1,
  // Retired parts hold erased rows: they may leave at once.
  old_parts_lifetime: 0,
  // Below the size of the small pool above; the defaults (20, 8, 25) would never let a mutation run.
  number_of_free_entries_in_pool_to_execute_mutation: 1,
  number_of_free_entries_in_pool_to_lower_max_size_of_merge: 1,
  number_of_free_entries_in_pool_to_execute_optimize_entire_partition: 1,
})}
</merge_tree>
</clickhouse>
`

// `default` is the engine's own terminal session, which cannot log in with a password; it may only start the listener.
// `lethe` gets no FILE, URL, S3, REMOTE source and no engine that reads one: file() has no sandbox.
const grants = [
  'SELECT, INSERT, ALTER, CREATE, DROP, TRUNCATE, OPTIMIZE, SHOW, KILL QUERY, SYSTEM ON *.*',
  ...['Atomic', 'MergeTree', 'ReplacingMergeTree', 'AggregatingMergeTree', 'SummingMergeTree', 'Null', 'Memory'].map(
    (engine) => `TABLE ENGINE ON ${engine}`,
  ),
].map((grant) => tag('query', `GRANT ${grant}`))

const usersXml = (config: EngineConfig): string => `<clickhouse>
<profiles><default>${tags({
  ...(config.maxThreads === undefined ? {} : { max_threads: config.maxThreads }),
  log_queries: 0,
  log_query_threads: 0,
  // A person is found by the projection in a table of any size; the default asks for a million rows to be read.
  min_table_rows_to_use_projection_index: 0,
  http_max_uri_size: 16 * 1024 ** 2,
  // One bound list of ids; the default holds a few thousand.
  http_max_field_value_size: 64 * 1024 ** 2,
})}</default></profiles>
<users>
<default><no_password/><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota>
<grants><query>GRANT SYSTEM LISTEN ON *.*</query></grants></default>
<lethe>${tag('password_sha256_hex', sha256Hex(config.password))}
<networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota>
<grants>${grants.join('')}</grants></lethe>
</users>
<quotas><default/></quotas>
</clickhouse>
`

export interface EngineFiles {
  readonly configFile: string
  readonly dataDir: string
  /** Process id of the running engine. */
  readonly pidFile: string
}

export const engineFiles = (folder: string): EngineFiles => ({
  configFile: join(folder, 'config.xml'),
  dataDir: join(folder, 'data'),
  pidFile: join(folder, 'engine.pid'),
})

/** Writes everything the engine reads at start. The password of each start is new. */
export const writeEngineConfig = async (config: EngineConfig): Promise<EngineFiles> => {
  const files = engineFiles(config.folder)
  await mkdir(join(files.dataDir, 'metadata'), { recursive: true, mode: 0o700 })
  // Without it the system database gets another UUID at each start.
  const systemDatabase = join(files.dataDir, 'metadata', 'system.sql')
  if (!existsSync(systemDatabase)) {
    await writeFile(systemDatabase, `ATTACH DATABASE _ UUID '${randomUUID()}'\nENGINE = Atomic\n`)
  }
  await writeFile(files.configFile, serverXml(config), { mode: 0o600 })
  await writeFile(join(config.folder, 'users.xml'), usersXml(config), { mode: 0o600 })
  await writeFile(join(config.folder, 'password'), config.password, { mode: 0o600 })
  return files
}
