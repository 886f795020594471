import type { Import, Run } from './store/postgres-import-store.ts'
import type { Source } from './store/postgres-source-store.ts'

/** What is in the control store, as it goes out (connectors §1). Epochs are seconds. */
export const shownImport = ({ creator, ...one }: Import) => ({
  id: one.id,
  import_type: one.type,
  sync_mode: one.mode,
  created: one.createdAt.toISOString(),
  creator_id: creator.id,
  creator_name: creator.name,
  creator_email: creator.email,
  warehouse_source_id: one.sourceId,
  table_params: one.definition.tableParams,
  paused: one.paused,
  run_every: one.runEveryNs,
  last_dispatch: secondsOf(one.lastDispatch),
  is_deleted: false,
})

export const shownDetail = (one: Import) => {
  const { definition: of } = one
  return {
    ...shownImport(one),
    event_name: of.eventName,
    event_column_name: of.eventColumn,
    time_column_name: of.timeColumn,
    user_column_name: of.userColumn,
    device_column_name: of.deviceColumn,
    json_properties_column_name: of.jsonColumn,
    insert_time_column_name: of.insertTimeColumn,
    property_mappings: of.propertyMappings,
    group_key: of.groupKey,
    group_id_column: of.groupIdColumn,
    databricks_params: null,
    ...(one.lookupTableId === null ? {} : { lookup_table_id: one.lookupTableId }),
  }
}

/** A run that waits is RUNNING without a start. `num_rows_failed` and `error` are ours. */
export const shownRun = ({ state, started_at, ended_at, imported_count, failed_count, error }: Run) => ({
  status: state === 'QUEUED' ? 'RUNNING' : state,
  start_time: secondsOf(started_at),
  end_time: secondsOf(ended_at),
  num_events_imported: state === 'QUEUED' ? null : imported_count,
  num_rows_failed: state === 'QUEUED' ? null : failed_count,
  error,
})

export const shownSource = ({ id, name, kind, params, created_at }: Source) => ({
  id,
  name,
  type: kind,
  ...params,
  created: created_at.toISOString(),
})

const secondsOf = (at: Date | null): number | null => (at === null ? null : Math.floor(at.getTime() / 1_000))
