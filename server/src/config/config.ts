import { resolve } from 'node:path'
import type { z } from 'zod'
import { buildRegion, defaultRegions, type RegionConfig } from './regions.ts'
import { type RegionSettings, regionSettings, type Settings, secretSettings, settings } from './settings.ts'

export type ServerRole = 'http' | 'jobs'
export const serverRoles: readonly ServerRole[] = ['http', 'jobs']

/** Everything the server is told at start; frozen, handed on as single values. */
export interface Config {
  readonly host: string
  readonly port: number
  /** Absolute. */
  readonly dataDir: string
  /** Every region whose hosts are known, of this installation or not. */
  readonly regions: readonly RegionConfig[]
  /** Regions that projects of this installation may have (LETHE_REGIONS). */
  readonly installedRegionIds: readonly string[]
  /** Regions that this process serves: those of the installation, unless `--regions` narrows it. */
  readonly servedRegionIds: ReadonlySet<string>
  readonly roles: ReadonlySet<ServerRole>
  /** Null: embedded. May hold a password. */
  readonly databaseUrl: string | null
  readonly provisionFile: string | null
  readonly strictHosts: boolean
  readonly logLevel: Settings['LETHE_LOG_LEVEL']
  readonly trustedProxies: readonly string[]
  /** Empty: those of the system. */
  readonly dnsServers: readonly string[]
  /** Networks that customers' addresses may lie in beside public ones (platform/outbound-address.ts). */
  readonly outboundAllow: readonly string[]
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null
  readonly allowHttp: boolean
  /** Null: kept in the data folder (secret-key.ts). */
  readonly secretKeyHex: string | null
  readonly openMetrics: boolean
  /** Null: links of mails are printed. The URL may hold a password. */
  readonly mail: { readonly url: string; readonly from: string } | null
  readonly sessionIdleMinutes: number
  readonly invitationMailsPerHourMax: number
  readonly gdpr: {
    readonly graceSeconds: number
    readonly ratePerSecond: number
    readonly statusRatePerSecond: number
    readonly createShape: 'list' | 'task_id'
    readonly retrievalMaxIds: number
    readonly deletionMaxIds: number
    readonly linkDays: number
    readonly archiveDays: number
    readonly scanDays: number
  }
  readonly groupKeysMax: number
  /** 0: for ever. */
  readonly retentionDays: number
  readonly eventDeletionGraceSeconds: number
  readonly projectDeletionGraceSeconds: number
  readonly organizationDeletionGraceSeconds: number
  readonly auditRetentionDays: number
  /** Per project, minute and server (ING-26); 0: no limit. */
  readonly ingestRate: { readonly bytesPerMinuteMax: number; readonly eventsPerMinuteMax: number }
  /** Events of an id and day from which on it is hot (IDM-10); 0: none is. */
  readonly hotEventCount: number
  /** Origins that `redirect` of `/track` may lead to (ING-04). */
  readonly redirectOrigins: ReadonlySet<string>
  /** Of the Query API, by project and server (QRY-21). */
  readonly query: {
    readonly countPerHourMax: number
    readonly concurrentMax: number
    readonly timeoutMs: number
    readonly memoryBytesMax: number
    /** Of insights reports (RPT-01). */
    readonly guardrails: {
      readonly hourlyDaysMax: number
      readonly dailyDaysMax: number
      readonly anyEventDaysMax: number
      readonly cohortIntervalsMax: number
    }
  }
  /** Of JQL, by project and server unless said otherwise (QRY-18). */
  readonly jql: {
    readonly isOn: boolean
    readonly countPerHourMax: number
    readonly concurrentMax: number
    /** Of all projects together. */
    readonly processCountMax: number
    readonly timeoutMs: number
    readonly memoryMegabytes: number
    readonly processedBytesMax: number
    readonly outputBytesMax: number
  }
  /** Of the Lexicon schemas API, by organization and server (LEX-05). */
  readonly lexicon: {
    readonly requestsPerMinuteMax: number
    readonly updatesPerMinuteMax: number
    readonly deletionCountMax: number
  }
  /** Of raw export, by project and server (EXP-05). */
  readonly export: {
    readonly countPerHourMax: number
    readonly countPerSecondMax: number
    readonly concurrentMax: number
  }
  readonly ingestQueueBytes: number
  readonly ingestTimeoutMs: number
  /** From one removal of duplicates to the next; null: they stay (ING-14). */
  readonly compactionHours: number | null
  /** Absolute. Null: events and profiles get no place by address. */
  readonly geoDatabaseFile: string | null
  /** Said once at start; not faults. */
  readonly warnings: readonly string[]
}

export type Environment = Readonly<Record<string, string | undefined>>

/** Choices of the command line, which narrow what the environment declares. */
export interface StartFlags {
  readonly regions: readonly string[] | null
  readonly roles: readonly string[] | null
}

/** Every fault of the configuration in one message, one line each. */
export class ConfigFault extends Error {
  readonly faults: readonly string[]
  constructor(faults: readonly string[]) {
    super(`the configuration cannot be used:\n${faults.map((fault) => `  ${fault}`).join('\n')}`)
    this.name = 'ConfigFault'
    this.faults = faults
  }
}

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127\./.test(host)

/** Reads the environment and flags. Throws ConfigFault with every fault at once. */
export const readConfig = (env: Environment, flags: StartFlags): Config => {
  const faults: string[] = []
  const values = read(settings, env, 'LETHE_', faults)
  // Regions are only known once LETHE_REGIONS is; the other faults are told in the same message all the same.
  const installed = [...new Set((values?.LETHE_REGIONS ?? []).map((name) => name.toUpperCase()))]
  const regionValues = new Map<string, RegionSettings>()
  for (const id of new Set([...Object.keys(defaultRegions), ...installed])) {
    const found = read(regionSettings, env, `LETHE_${id}_`, faults)
    if (found !== null) regionValues.set(id, found)
  }
  const served = chosen('--regions', flags.regions?.map((name) => name.toUpperCase()) ?? null, installed, faults)
  const roles = chosen('--roles', flags.roles, serverRoles, faults) as ServerRole[]
  if (values === null) throw new ConfigFault(faults)

  const hasTls = values.LETHE_TLS_CERT !== '' && values.LETHE_TLS_KEY !== ''
  if (!hasTls && (values.LETHE_TLS_CERT !== '' || values.LETHE_TLS_KEY !== '')) {
    faults.push('LETHE_TLS_CERT, LETHE_TLS_KEY: only one of them is set; both are needed for HTTPS')
  }
  if (values.LETHE_SMTP_URL !== '' && values.LETHE_MAIL_FROM === '') {
    faults.push('LETHE_MAIL_FROM: a mail server (LETHE_SMTP_URL) needs an address to send from')
  }
  const allowHttp = values.LETHE_ALLOW_HTTP ?? isLoopback(values.LETHE_HOST)
  const listen = {
    host: values.LETHE_HOST,
    port: values.LETHE_PORT,
    strictHosts: values.LETHE_STRICT_HOSTS,
    hasTls,
    allowHttp,
  }
  const regions = [...regionValues].map(([id, found]) => buildRegion(id, found, listen))
  faults.push(...regionFaults(regions))
  if (faults.length > 0) throw new ConfigFault(faults)

  return deepFreeze({
    host: values.LETHE_HOST,
    port: values.LETHE_PORT,
    dataDir: resolve(values.LETHE_DATA_DIR),
    regions,
    installedRegionIds: installed,
    servedRegionIds: new Set(served),
    roles: new Set(roles),
    databaseUrl: values.LETHE_DATABASE_URL || null,
    provisionFile: values.LETHE_PROVISION === '' ? null : resolve(values.LETHE_PROVISION),
    strictHosts: values.LETHE_STRICT_HOSTS,
    logLevel: values.LETHE_LOG_LEVEL,
    trustedProxies: values.LETHE_TRUSTED_PROXIES,
    dnsServers: values.LETHE_DNS_SERVERS,
    outboundAllow: values.LETHE_OUTBOUND_ALLOW,
    tls: hasTls ? { certFile: resolve(values.LETHE_TLS_CERT), keyFile: resolve(values.LETHE_TLS_KEY) } : null,
    allowHttp,
    secretKeyHex: values.LETHE_SECRET_KEY === '' ? null : values.LETHE_SECRET_KEY.toLowerCase(),
    openMetrics: values.LETHE_METRICS,
    mail: values.LETHE_SMTP_URL === '' ? null : { url: values.LETHE_SMTP_URL, from: values.LETHE_MAIL_FROM },
    sessionIdleMinutes: values.LETHE_SESSION_IDLE_MINUTES,
    invitationMailsPerHourMax: values.LETHE_INVITATION_MAILS_PER_HOUR,
    gdpr: gdprOf(values),
    groupKeysMax: values.LETHE_GROUP_KEYS_MAX,
    retentionDays: values.LETHE_RETENTION_DAYS,
    eventDeletionGraceSeconds: values.LETHE_EVENT_DELETION_GRACE_SECONDS,
    projectDeletionGraceSeconds: values.LETHE_PROJECT_DELETION_GRACE_SECONDS,
    organizationDeletionGraceSeconds: values.LETHE_ORGANIZATION_DELETION_GRACE_SECONDS,
    auditRetentionDays: values.LETHE_AUDIT_RETENTION_DAYS,
    ingestRate: {
      bytesPerMinuteMax: values.LETHE_INGEST_RATE_BYTES,
      eventsPerMinuteMax: values.LETHE_INGEST_RATE_EVENTS,
    },
    hotEventCount: values.LETHE_HOT_ID_EVENTS,
    redirectOrigins: new Set(values.LETHE_REDIRECT_ORIGINS),
    query: {
      countPerHourMax: values.LETHE_QUERY_PER_HOUR,
      concurrentMax: values.LETHE_QUERY_CONCURRENT,
      timeoutMs: values.LETHE_QUERY_TIMEOUT_SECONDS * 1_000,
      memoryBytesMax: values.LETHE_QUERY_MEMORY_BYTES,
      guardrails: {
        hourlyDaysMax: values.LETHE_REPORT_HOURLY_DAYS,
        dailyDaysMax: values.LETHE_REPORT_DAILY_DAYS,
        anyEventDaysMax: values.LETHE_REPORT_ANY_EVENT_DAYS,
        cohortIntervalsMax: values.LETHE_REPORT_COHORT_INTERVALS,
      },
    },
    jql: {
      isOn: values.LETHE_JQL,
      countPerHourMax: values.LETHE_JQL_PER_HOUR,
      concurrentMax: values.LETHE_JQL_CONCURRENT,
      processCountMax: values.LETHE_JQL_PROCESSES,
      timeoutMs: values.LETHE_JQL_TIMEOUT_SECONDS * 1_000,
      memoryMegabytes: values.LETHE_JQL_MEMORY_MB,
      processedBytesMax: values.LETHE_JQL_PROCESSED_BYTES,
      outputBytesMax: values.LETHE_JQL_OUTPUT_BYTES,
    },
    lexicon: {
      requestsPerMinuteMax: values.LETHE_LEXICON_PER_MINUTE,
      updatesPerMinuteMax: values.LETHE_LEXICON_UPDATES_PER_MINUTE,
      deletionCountMax: values.LETHE_LEXICON_DELETIONS_MAX,
    },
    export: {
      countPerHourMax: values.LETHE_EXPORT_PER_HOUR,
      countPerSecondMax: values.LETHE_EXPORT_PER_SECOND,
      concurrentMax: values.LETHE_EXPORT_CONCURRENT,
    },
    ingestQueueBytes: values.LETHE_INGEST_QUEUE_BYTES,
    compactionHours: values.LETHE_DUPLICATE_COMPACTION_HOURS || null,
    ingestTimeoutMs: values.LETHE_INGEST_TIMEOUT_SECONDS * 1_000,
    geoDatabaseFile: values.LETHE_GEO_DATABASE === '' ? null : resolve(values.LETHE_GEO_DATABASE),
    warnings: [...unknownNames(env, [...regionValues.keys()]), ...exposureWarnings(values, allowHttp)],
  })
}

const gdprOf = (values: Settings): Config['gdpr'] => ({
  graceSeconds: values.LETHE_GDPR_GRACE_SECONDS,
  ratePerSecond: values.LETHE_GDPR_RATE_PER_SECOND,
  statusRatePerSecond: values.LETHE_GDPR_STATUS_RATE_PER_SECOND,
  createShape: values.LETHE_GDPR_CREATE_SHAPE,
  retrievalMaxIds: values.LETHE_GDPR_RETRIEVAL_MAX_IDS,
  deletionMaxIds: values.LETHE_GDPR_DELETION_MAX_IDS,
  linkDays: values.LETHE_GDPR_LINK_DAYS,
  archiveDays: values.LETHE_GDPR_ARCHIVE_DAYS,
  scanDays: values.LETHE_GDPR_SCAN_DAYS,
})

const read = <Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  env: Environment,
  prefix: string,
  faults: string[],
): z.infer<z.ZodObject<Shape>> | null => {
  const variable = (name: string): string => (name.startsWith('LETHE_') ? name : `${prefix}${name}`)
  const sent: Record<string, string> = {}
  for (const name of Object.keys(schema.shape)) {
    const value = env[variable(name)]?.trim()
    if (value !== undefined && value !== '') sent[name] = value
  }
  const result = schema.safeParse(sent)
  if (result.success) return result.data
  for (const issue of result.error.issues) {
    const name = String(issue.path[0])
    const shown = secretSettings.has(name) ? 'its value' : JSON.stringify(sent[name])
    faults.push(`${variable(name)}: ${shown} is not allowed; ${issue.message}`)
  }
  return null
}

const chosen = (
  flag: string,
  wanted: readonly string[] | null,
  allowed: readonly string[],
  faults: string[],
): readonly string[] => {
  if (wanted === null) return allowed
  const unknown = wanted.filter((item) => !allowed.includes(item))
  if (unknown.length > 0 || wanted.length === 0) {
    faults.push(`${flag}: ${JSON.stringify(unknown.join(','))} is not allowed; expected some of ${allowed.join(', ')}`)
  }
  return wanted
}

const regionFaults = (regions: readonly RegionConfig[]): string[] => {
  const faults: string[] = []
  const regionOfHost = new Map<string, string>()
  for (const region of regions) {
    if (region.clickhouseCluster !== null && region.clickhouseUrl === null) {
      faults.push(
        `LETHE_${region.id}_CLICKHOUSE_CLUSTER: a cluster needs LETHE_${region.id}_CLICKHOUSE_URL; the embedded engine is one node`,
      )
    }
    for (const host of region.hosts) {
      const other = regionOfHost.get(host)
      if (other !== undefined && other !== region.id) {
        faults.push(
          `LETHE_${region.id}_HOSTS: ${JSON.stringify(host)} is also a host of ${other}; a host means one region`,
        )
      }
      regionOfHost.set(host, region.id)
    }
  }
  return faults
}

const unknownNames = (env: Environment, regionIds: readonly string[]): string[] => {
  const known = new Set([
    ...Object.keys(settings.shape),
    ...regionIds.flatMap((id) => Object.keys(regionSettings.shape).map((name) => `LETHE_${id}_${name}`)),
  ])
  return Object.keys(env)
    .filter((name) => name.startsWith('LETHE_') && !known.has(name))
    .map((name) => `${name} is not a setting of this server and has no effect`)
}

const exposureWarnings = (values: Settings, allowHttp: boolean): string[] => [
  ...(allowHttp && !isLoopback(values.LETHE_HOST)
    ? ['LETHE_ALLOW_HTTP: credentials and personal data may cross the network unencrypted']
    : []),
  ...(values.LETHE_DATABASE_URL !== '' && values.LETHE_SECRET_KEY === ''
    ? ['LETHE_SECRET_KEY: set it to the same value on every server of this control store; a key made here differs']
    : []),
]

const deepFreeze = <Value>(value: Value): Value => {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) deepFreeze(inner)
    Object.freeze(value)
  }
  return value
}
