import { setTimeout as sleep } from 'node:timers/promises'
import { AppError, assert } from '../../kernel/errors.ts'
import type { JsonValue } from '../../kernel/json.ts'
import type { Project } from '../../kernel/project.ts'
import type { ProjectScope } from '../../kernel/scope.ts'
import { tableOf } from './domain/import-definition.ts'
import { eventOf, lookupFields, profileOf } from './domain/records.ts'
import type { SourceRow, TableQuestion, Warehouse } from './domain/warehouse.ts'
import { WarehouseRefused } from './errors.ts'
import type { Rows } from './ports.ts'
import type { OpenRun, Progress, RunQueue } from './store/postgres-run-queue.ts'

export interface RunDeps extends Rows {
  readonly queue: RunQueue
  readonly nowMs: () => number
  /** Throws NoSuchSource. */
  readonly openWarehouse: (
    projectId: number,
    sourceId: number | null,
  ) => Promise<{ readonly warehouse: Warehouse; readonly kind: string }>
  /** Null: the project is gone. */
  readonly openProject: (projectId: number) => Promise<Place | null>
}

export const ourFault = 'the server could not go on; its log says why'

export interface Place {
  readonly scope: ProjectScope
  readonly project: Project
}

/**
 * Does one run, or the rest of it. Killed at any point it can go on: what was stored is known by its `$insert_id`, an
 * Append goes on where it was, a profile is set again, a lookup table is replaced as a whole. Throws only what may pass:
 * stores that do not answer. Memory holds one batch.
 */
export const runImport = async (deps: RunDeps, run: OpenRun, signal: AbortSignal): Promise<void> => {
  const { queue, nowMs } = deps
  const place = await deps.openProject(run.imported.projectId)
  if (place === null) return queue.end(run.id, 'CANCELLED', null, nowMs())
  try {
    const { warehouse, kind } = await deps.openWarehouse(run.imported.projectId, run.imported.sourceId)
    const reading = { warehouse, kind, place, signal }
    // It may have been deleted while nobody ran it.
    if (!(await queue.progress(run.id, run))) return await queue.end(run.id, 'CANCELLED', null, nowMs())
    const done =
      run.imported.type === 'lookup_table' ? await loadTable(deps, run, reading) : await loadRows(deps, run, reading)
    // Whoever stops here goes on at the next start.
    if (signal.aborted) return
    if (done === null) await queue.end(run.id, 'CANCELLED', null, nowMs())
    else await queue.succeed(run.id, done, nowMs())
  } catch (error) {
    if (signal.aborted) return
    if (error instanceof AppError && error.retryable) throw error
    const isTold = error instanceof AppError && error.expose
    await queue.end(run.id, 'FAILED', isTold ? error.message : ourFault, nowMs())
    if (!isTold) throw error
  }
}

interface Reading {
  readonly warehouse: Warehouse
  readonly kind: string
  readonly place: Place
  readonly signal: AbortSignal
}

const questionOf = ({ imported, readUntil, resumeAt }: OpenRun): TableQuestion => {
  const { definition, mode } = imported
  const isAppend = mode === 'time_based'
  const after =
    !isAppend || (resumeAt ?? readUntil) === null
      ? null
      : { insertTime: (resumeAt ?? readUntil) as string, isInclusive: resumeAt !== null }
  return {
    table: tableOf(definition),
    timeColumn: definition.timeColumn,
    insertTimeColumn: isAppend ? definition.insertTimeColumn : null,
    after,
  }
}

/** Null: somebody paused or deleted the import. */
const loadRows = async (deps: RunDeps, run: OpenRun, reading: Reading): Promise<Progress | null> => {
  const { imported } = run
  const isAppend = imported.mode === 'time_based'
  // Without an order there is no place to go on at: all rows are read again, and counted again.
  let progress: Progress = isAppend
    ? { importedCount: run.importedCount, failedCount: run.failedCount, resumeAt: run.resumeAt }
    : { importedCount: 0, failedCount: 0, resumeAt: null }
  for await (const rows of reading.warehouse.rows(questionOf(run), reading.signal)) {
    const kind = imported.type === 'event_stream' ? 'events' : imported.type === 'people' ? 'people' : 'groups'
    const stored = await storeRows(
      deps,
      kind,
      { projectId: imported.projectId, signal: reading.signal },
      rows.map((row) => recordOf(run, reading.kind, row)),
    )
    progress = {
      importedCount: progress.importedCount + stored.importedCount,
      failedCount: progress.failedCount + stored.failedCount,
      resumeAt: isAppend
        ? (rows.findLast(({ insertTime }) => insertTime !== null)?.insertTime ?? progress.resumeAt)
        : null,
    }
    if (!(await deps.queue.progress(run.id, progress))) return null
  }
  return { ...progress, resumeAt: isAppend ? (progress.resumeAt ?? run.readUntil) : null }
}

const recordOf = ({ id, imported }: OpenRun, warehouse: string, row: SourceRow): JsonValue => {
  if (imported.type !== 'event_stream') return profileOf(imported.definition, row)
  const { schema, table } = tableOf(imported.definition)
  const origin = {
    importId: imported.id,
    runId: id,
    warehouse,
    table: schema === null ? table : `${schema}.${table}`,
  }
  return eventOf(imported.definition, row, origin)
}

/**
 * A project that sends as much as it may waits, and with it the warehouse. The project is looked up for each batch: a run
 * may take hours, and who was erased, what is blocked and whether the project is still there has to be as it is now.
 */
export const storeRows = async (
  deps: Pick<RunDeps, 'rowDoor' | 'openProject'>,
  kind: Parameters<RunDeps['rowDoor']>[0],
  { projectId, signal }: { readonly projectId: number; readonly signal: AbortSignal },
  records: readonly JsonValue[],
): ReturnType<RunDeps['rowDoor']> => {
  for (;;) {
    const place = await deps.openProject(projectId)
    if (place === null) throw new WarehouseRefused('the project is gone')
    try {
      return await deps.rowDoor(kind, place, records)
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'RATE_LIMITED') throw error
      await sleep((error.retryAfterSeconds ?? 1) * 1_000, undefined, { signal })
    }
  }
}

/** Wholly or not at all. */
const loadTable = async (deps: RunDeps, run: OpenRun, { warehouse, place, signal }: Reading): Promise<Progress> => {
  const { lookupTableId, definition } = run.imported
  assert(lookupTableId !== null && definition.keyColumn !== null, 'an import of a lookup table has none')
  let rowCount = 0
  const key = definition.keyColumn
  const chunks = async function* () {
    let names: readonly string[] | null = null
    for await (const rows of warehouse.rows(questionOf(run), signal)) {
      if (names === null) {
        names = Object.keys(rows[0]?.values ?? {}).filter((name) => name !== key)
        if (rows[0]?.values[key] === undefined) throw new WarehouseRefused(`the table has no column ${key}`)
        yield csvLine([key, ...names])
      }
      const columns = names
      rowCount += rows.length
      yield Buffer.concat(rows.map((row) => csvLine(lookupFields(key, columns, row))))
    }
    if (names === null) yield csvLine([key])
  }
  const failedCount = await deps.replaceLookup(place.scope, lookupTableId, { chunks: chunks(), signal }, place.project)
  if (failedCount > 0)
    throw new WarehouseRefused(`${failedCount} rows or more have no key, or one that another row has`)
  return { importedCount: rowCount, failedCount: 0, resumeAt: null }
}

const csvLine = (fields: readonly string[]): Buffer =>
  Buffer.from(`${fields.map((text) => `"${text.replaceAll('"', '""')}"`).join(',')}\n`)
