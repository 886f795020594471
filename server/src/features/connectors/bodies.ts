import { z } from 'zod'
import type { Scoped } from '../../http/route.ts'
import { InvalidRequest } from '../../kernel/errors.ts'
import { type ImportDefinition, type ImportType, modeFault, type SyncMode } from './domain/import-definition.ts'

const name = z.string().min(1).max(255)
const column = name.nullish()

// CONN-10: what is not here is refused by name.
const kinds = ['postgres', 'clickhouse'] as const
const postgresBody = z.strictObject({
  name,
  type: z.literal('postgres'),
  host: name,
  port: z.number().int().min(1).max(65_535).default(5_432),
  database: name,
  user: name,
  password: z.string().max(1_000),
  sslmode: z.enum(['verify-full', 'verify-ca', 'disable']).default('verify-full'),
  ca_bundle: z.string().max(64_000).nullable().default(null),
})
const clickhouseBody = z.strictObject({
  name,
  type: z.literal('clickhouse'),
  url: name,
  database: name.default('default'),
  user: name.default('default'),
  password: z.string().max(1_000),
})
const sourceBody = z.discriminatedUnion('type', [postgresBody, clickhouseBody])
export type SourceBody = z.infer<typeof sourceBody>

export const sourceOf = (request: Scoped): SourceBody => {
  const sent = jsonOf(request)
  const type = typeof sent === 'object' && sent !== null && 'type' in sent ? sent.type : undefined
  if (typeof type === 'string' && !kinds.some((kind) => kind === type)) {
    throw new InvalidRequest(`this server imports from ${kinds.join(' and ')} only; it has no connection of this type`)
  }
  return parsed(sourceBody, sent)
}

const frequencies = [0, 3_600_000_000_000, 86_400_000_000_000, 604_800_000_000_000] as const
const runEvery = z.literal(frequencies)
const common = {
  warehouse_source_id: z.number().int(),
  table_params: z.record(z.string().max(64), z.string().max(255)),
  sync_mode: z.enum(['time_based', 'mirror_mode', 'full_sync', 'one_time']),
  run_every: runEvery.default(0),
  property_mappings: z.record(z.string().max(255), z.string().min(1).max(255).nullable()).nullish(),
  databricks_params: z.null().optional(),
}
const bodies = {
  event_stream: z.strictObject({
    import_type: z.literal('event_stream'),
    ...common,
    time_column_name: name,
    event_name: column,
    event_column_name: column,
    user_column_name: column,
    device_column_name: column,
    json_properties_column_name: column,
    insert_time_column_name: column,
  }),
  people: z.strictObject({
    import_type: z.literal('people'),
    ...common,
    user_column_name: name,
    json_properties_column_name: column,
    insert_time_column_name: column,
  }),
  groups: z.strictObject({
    import_type: z.literal('groups'),
    ...common,
    group_key: name,
    group_id_column: name,
    json_properties_column_name: column,
    insert_time_column_name: column,
  }),
  lookup_table: z.strictObject({
    import_type: z.literal('lookup_table'),
    ...common,
    mixpanel_property: z.strictObject({
      value: name,
      resourceType: z.enum(['event', 'user']),
      customPropertyId: z.null().optional(),
    }),
    property_key_column_name: name,
  }),
} as const

export interface AskedImport {
  readonly type: ImportType
  readonly mode: SyncMode
  readonly sourceId: number
  readonly runEveryNs: number
  readonly definition: ImportDefinition
}

/** CONN-03…05. Throws InvalidRequest with what is wrong. */
export const importOf = (type: ImportType, request: Scoped): AskedImport => {
  const sent = parsed(bodies[type] as z.ZodType<Sent>, jsonOf(request))
  const tableName = sent.table_params['table'] ?? ''
  if (tableName === '') throw new InvalidRequest('table_params must name a table, as {"schema": …, "table": …}')
  if (type === 'event_stream' && (sent.event_name == null) === (sent.event_column_name == null)) {
    throw new InvalidRequest('an event stream needs event_name or event_column_name, one of them')
  }
  const fault = modeFault(type, sent.sync_mode, sent.insert_time_column_name ?? null)
  if (fault !== null) throw new InvalidRequest(fault)
  if (sent.sync_mode === 'one_time' && sent.run_every !== 0)
    throw new InvalidRequest('one_time runs once: run_every is 0')
  return {
    type,
    mode: sent.sync_mode as SyncMode,
    sourceId: sent.warehouse_source_id,
    runEveryNs: sent.run_every,
    definition: definitionOf(sent),
  }
}

interface Sent {
  readonly warehouse_source_id: number
  readonly table_params: Readonly<Record<string, string>>
  readonly sync_mode: SyncMode | 'mirror_mode'
  readonly run_every: number
  readonly property_mappings?: Readonly<Record<string, string | null>> | null
  readonly event_name?: string | null
  readonly event_column_name?: string | null
  readonly time_column_name?: string | null
  readonly user_column_name?: string | null
  readonly device_column_name?: string | null
  readonly json_properties_column_name?: string | null
  readonly insert_time_column_name?: string | null
  readonly group_key?: string | null
  readonly group_id_column?: string | null
  readonly property_key_column_name?: string | null
  readonly mixpanel_property?: { readonly value: string }
}

const definitionOf = (sent: Sent): ImportDefinition => ({
  tableParams: sent.table_params,
  eventName: sent.event_name ?? null,
  eventColumn: sent.event_column_name ?? null,
  timeColumn: sent.time_column_name ?? null,
  userColumn: sent.user_column_name ?? null,
  deviceColumn: sent.device_column_name ?? null,
  jsonColumn: sent.json_properties_column_name ?? null,
  insertTimeColumn: sent.insert_time_column_name ?? null,
  propertyMappings: sent.property_mappings ?? null,
  groupKey: sent.group_key ?? null,
  groupIdColumn: sent.group_id_column ?? null,
  keyColumn: sent.property_key_column_name ?? null,
  lookupProperty: sent.mixpanel_property?.value ?? null,
})

const patchBody = z.strictObject({
  paused: z.boolean(),
  run_every: runEvery.optional(),
  databricks_params: z.null().optional(),
})
export const patchOf = (request: Scoped): z.infer<typeof patchBody> => parsed(patchBody, jsonOf(request))

const deleteBody = z.strictObject({ delete_data: z.boolean().default(false) })
export const deleteDataOf = (request: Scoped): boolean =>
  request.body.length > 0 && parsed(deleteBody, jsonOf(request)).delete_data

/** Ids are integers of Postgres; others name nothing. */
export const idIn = ({ params }: Scoped, name: string): number => {
  const text = params[name] ?? ''
  return /^\d{1,9}$/.test(text) ? Number(text) : -1
}

export const jsonOf = ({ body }: Scoped): unknown => {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    throw new InvalidRequest('the body must be a JSON object')
  }
}

/** Names the fields that are wrong, not what was in them. */
export const parsed = <T>(schema: z.ZodType<T>, sent: unknown): T => {
  const result = schema.safeParse(sent)
  if (result.success) return result.data
  const names = result.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? issue.keys : [issue.path.join('.') || 'the body'],
  )
  throw new InvalidRequest(`missing, unknown or wrong: ${[...new Set(names)].slice(0, 10).join(', ').slice(0, 500)}`)
}
