import type { HolderCount, PersonalDataHolder } from '../../../kernel/subject.ts'
import type { RegionDb } from '../../../platform/clickhouse/region-db.ts'

export interface PeopleTable {
  readonly name: string
  readonly table: string
  /** Columns that name a person; a row belongs to them when any of these is one of their ids. */
  readonly idColumns: readonly string[]
  /** Engine-clock column that says when the row came in. */
  readonly arrivedColumn: string
  /** Column of the time that a row is about, where it has one. */
  readonly timeColumn?: string
  readonly eraseAfter: readonly string[]
}

// A rewrite of every part of a large table takes minutes, not hours; beyond this the engine is stuck and the task is tried again.
const mutationTimeoutMs = 30 * 60_000

interface CountRow {
  readonly partition: string
  readonly row_count: string
  readonly first?: string
  readonly last?: string
}

/** The engine's times are UTC, without zone. */
const spanOf = (rows: readonly CountRow[]): Pick<HolderCount, 'span'> => {
  const [first] = rows.flatMap((row) => row.first ?? []).sort()
  const last = rows
    .flatMap((row) => row.last ?? [])
    .sort()
    .at(-1)
  if (first === undefined || last === undefined) return {}
  return { span: { first: `${first.replace(' ', 'T')}Z`, last: `${last.replace(' ', 'T')}Z` } }
}

/** A holder over one table of the region engine. `regionDb` finds the engine of a scope's region. */
export const createPeopleTableHolder = (
  spec: PeopleTable,
  regionDb: (regionId: string) => RegionDb,
): PersonalDataHolder => {
  const isTheirs = (ids: string) => spec.idColumns.map((column) => `${column} IN ${ids}`).join(' OR ')

  return {
    name: spec.name,
    tables: [spec.table],
    objectPrefixes: [],
    eraseAfter: spec.eraseAfter,

    count: async (scope, subject): Promise<HolderCount> => {
      const until = subject.ingestedUntil === null ? '' : `AND ${spec.arrivedColumn} <= {until:DateTime64(6, 'UTC')}`
      const { timeColumn } = spec
      const span =
        timeColumn === undefined ? '' : `, toString(min(${timeColumn})) AS first, toString(max(${timeColumn})) AS last`
      const rows = await regionDb(scope.regionId).rows<CountRow>(
        `SELECT _partition_id AS partition, count() AS row_count${span} FROM ${spec.table}
         WHERE project_id = {projectId:UInt64} AND (${isTheirs('{ids:Array(String)}')}) ${until}
         GROUP BY partition ORDER BY partition`,
        {
          params: {
            projectId: scope.projectId,
            ids: subject.distinctIds,
            ...(subject.ingestedUntil === null ? {} : { until: subject.ingestedUntil }),
          },
        },
      )
      return {
        rowCount: rows.reduce((sum, row) => sum + Number(row.row_count), 0),
        partitions: rows.map((row) => row.partition),
        ...spanOf(rows),
      }
    },

    // The mutation's text, which the engine keeps in a file, names projects and the batch and never an id. It rewrites
    // only the partitions that hold the people, and one mutation serves every task of the batch (DESIGN §7). Project by
    // project, because a set of single ids is asked several times faster than one of pairs, for every row of the table.
    erase: async (batch) => {
      const db = regionDb(batch.regionId)
      const params = { batchId: batch.batchId, cutoff: batch.cutoff }
      const projectIds = [...new Set(batch.subjects.map(({ scope }) => scope.projectId))]
      if (projectIds.length === 0) return
      const theirs = projectIds.map((projectId) => {
        const hidden = `SELECT distinct_id FROM hidden_id WHERE batch_id = {batchId:String} AND project_id = ${projectId}`
        return `(project_id = ${projectId} AND (${isTheirs(`(${hidden})`)}))`
      })
      const condition = `(${theirs.join(' OR ')}) AND ${spec.arrivedColumn} <= {cutoff:DateTime64(6, 'UTC')}`
      const touched = await db.rows<{ partition: string }>(
        `SELECT DISTINCT _partition_id AS partition FROM ${spec.table} WHERE ${condition}`,
        { params, timeoutMs: mutationTimeoutMs },
      )
      if (touched.length === 0) return
      const { local, onCluster } = db.table(spec.table)
      const deletes = touched.map(({ partition }) => `DELETE IN PARTITION ID '${partition}' WHERE ${condition}`)
      await db.command(`ALTER TABLE ${local}${onCluster} ${deletes.join(', ')}`, {
        params,
        settings: { mutations_sync: 2, allow_nondeterministic_mutations: 1 },
        timeoutMs: mutationTimeoutMs,
      })
    },
  }
}
