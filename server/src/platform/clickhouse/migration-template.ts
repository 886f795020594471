// One text of a migration serves one node and a cluster (DESIGN §13).
//
//   {table:event}       event                    · event_local ON CLUSTER 'x'
//   {local:event}       event                    · event_local                 (inside SELECTs of one node)
//   {distributed:event} statement is left out    · event ON CLUSTER 'x'        (ALTER of the Distributed table)
//   {engine:MergeTree}  MergeTree                · ReplicatedMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}')
//   -- shard by <expr>  nothing                  · CREATE TABLE event … ENGINE = Distributed(…, <expr>) follows
//
// Statements end with a semicolon at the end of a line; "-- shard by" stands on the line after it, or before it. A file
// is not one transaction: each statement must be safe to run again. CREATE TABLE {table:…} gets its IF NOT EXISTS here.

const replicaPath = `'/clickhouse/tables/{uuid}/{shard}', '{replica}'`

const replicated = (engine: string): string => {
  const [, family, args] = /^(\w*MergeTree)(?:\((.*)\))?$/.exec(engine) ?? []
  if (family === undefined) throw new Error(`{engine:${engine}} is not of the MergeTree family`)
  return `Replicated${family}(${[replicaPath, ...(args ? [args] : [])].join(', ')})`
}

const placeholder = /\{(table|local|distributed|engine):([^{}]+)\}/g
const shardDirective = /^--\s*shard by\s+(.+)$/m

const fill = (statement: string, cluster: string | null): string =>
  statement.replace(placeholder, (_all, kind: string, value: string) => {
    if (kind === 'engine') return cluster === null ? value : replicated(value)
    if (cluster === null) return value
    if (kind === 'local') return `${value}_local`
    const name = kind === 'table' ? `${value}_local` : value
    return `${name} ON CLUSTER '${cluster}'`
  })

const withoutComments = (statement: string): string => statement.replace(/^\s*--.*$/gm, '').trim()

const distributedTable = (statement: string, cluster: string): string => {
  const [, shardBy] = shardDirective.exec(statement) ?? []
  const [, name] = /CREATE TABLE IF NOT EXISTS\s+\{table:([^{}]+)\}/.exec(statement) ?? []
  if (shardBy === undefined || name === undefined) {
    throw new Error('a CREATE TABLE of a migration needs {table:name} and a line "-- shard by <expression>"')
  }
  return (
    `CREATE TABLE IF NOT EXISTS ${name} ON CLUSTER '${cluster}' AS ${name}_local ` +
    `ENGINE = Distributed('${cluster}', currentDatabase(), '${name}_local', ${shardBy.trim()})`
  )
}

const renderStatement = (statement: string, cluster: string | null): readonly string[] => {
  const sql = withoutComments(statement)
  if (sql === '' || (cluster === null && sql.includes('{distributed:'))) return []
  const filled = fill(sql, cluster)
  return cluster !== null && /^CREATE TABLE/i.test(sql) ? [filled, distributedTable(statement, cluster)] : [filled]
}

const normalise = (text: string): string =>
  text
    .replace(/;[ \t]*\r?\n(--\s*shard by .+)/g, '\n$1\n;')
    .replace(/CREATE TABLE\s+(?:IF NOT EXISTS\s+)?\{table:/g, 'CREATE TABLE IF NOT EXISTS {table:')

/** The statements of a migration for one node (`cluster` null) or for a cluster, in order. Throws Error for a faulty text. */
export const renderMigration = (text: string, cluster: string | null): readonly string[] =>
  normalise(text)
    .split(/;[ \t]*(?:\r?\n|$)/)
    .flatMap((statement) => renderStatement(statement, cluster))
