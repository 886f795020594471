import { z } from 'zod'
import { isNetwork } from '../platform/outbound-address.ts'
import { parseObjectsUrl } from './objects-url.ts'

// Every setting of the server: name, meaning, default. docs/settings.md is generated from here (checks/settings-page.ts).
// Values are texts of the environment; an empty text counts as not set.

const wholeNumber = (min: number, max: number, fallback: number, meaning: string) =>
  z
    .string()
    .refine((text) => /^\d{1,15}$/.test(text) && Number(text) >= min && Number(text) <= max, {
      message: `expected a whole number from ${min} to ${max}`,
    })
    .transform(Number)
    .prefault(String(fallback))
    .describe(meaning)

const choice = <const Values extends readonly [string, ...string[]]>(
  values: Values,
  fallback: Values[number],
  meaning: string,
) =>
  z
    .enum(values, { error: `expected one of ${values.join(', ')}` })
    .prefault(fallback as never)
    .describe(meaning)

const yesOrNo = z
  .enum(['true', 'false', '1', '0'], { error: 'expected true or false' })
  .transform((text) => text === 'true' || text === '1')

const flag = (fallback: boolean, meaning: string) => yesOrNo.prefault(fallback ? 'true' : 'false').describe(meaning)

const text = (fallback: string, meaning: string) => z.string().prefault(fallback).describe(meaning)

/** `a, b` → ['a', 'b']. */
export const listOf = (value: string): string[] =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')

const list = (fallback: string, meaning: string) => text(fallback, meaning).transform(listOf)

const isUrl = (value: string, protocols: readonly string[]): boolean =>
  URL.canParse(value) && protocols.includes(new URL(value).protocol)

const optionalUrl = (protocols: readonly string[], expected: string, meaning: string) =>
  z
    .string()
    .refine((value) => value === '' || isUrl(value, protocols), { message: `expected ${expected}` })
    .prefault('')
    .describe(meaning)

const gibibyte = 2 ** 30

export const settings = z.object({
  LETHE_HOST: text('127.0.0.1', 'Address to listen on.'),
  LETHE_PORT: wholeNumber(1, 65_535, 8080, 'Port to listen on.'),
  LETHE_DATA_DIR: text('./data', 'Folder of everything embedded: engines, objects, the secret key.'),
  LETHE_REGIONS: list(
    'us,eu',
    'Regions of this installation. `us`, `eu` and `in` have defaults; any other name works too.',
  ).refine((names) => names.length > 0 && names.every((name) => /^[a-z][a-z0-9]{0,15}$/i.test(name)), {
    message: 'expected a comma list of region names of letters and digits, such as us,eu',
  }),
  LETHE_DATABASE_URL: optionalUrl(
    ['postgres:', 'postgresql:'],
    'a postgres:// URL, or nothing for the embedded Postgres',
    'Control Postgres. Empty: embedded.',
  ),
  LETHE_PROVISION: text(
    '',
    'File (.json, .yaml) that declares organizations, people, projects, service accounts and tokens.',
  ),
  LETHE_STRICT_HOSTS: flag(
    false,
    'Refuse requests whose Host is in no list of a region (421) instead of serving them in single-host mode.',
  ),
  LETHE_LOG_LEVEL: choice(
    ['error', 'warn', 'info', 'debug', 'silent'],
    'info',
    'What goes to the log. No level logs anything personal.',
  ),
  LETHE_TRUSTED_PROXIES: list(
    '',
    'Comma list of addresses or networks of proxies whose X-Forwarded-* headers are believed.',
  ),
  LETHE_DNS_SERVERS: list(
    '',
    "Comma list of name servers (address, or address:port) that are asked for the records of claimed domains. Empty: the system's.",
  ).refine(
    (servers) => servers.every((server) => /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[\da-f:]+\])(?::\d{1,5})?$/i.test(server)),
    {
      message: 'expected a comma list of IP addresses, IPv6 in brackets, each with or without :port',
    },
  ),
  LETHE_OUTBOUND_ALLOW: list(
    '',
    'Comma list of networks (10.1.0.0/16, 127.0.0.1/32) that exports and imports may connect to although they are not public. Empty: public addresses only.',
  ).refine((networks) => networks.every(isNetwork), {
    message: 'expected a comma list of networks such as 10.1.0.0/16',
  }),
  LETHE_TLS_CERT: text('', 'Certificate file (PEM), to serve HTTPS without a proxy. Needs LETHE_TLS_KEY.'),
  LETHE_TLS_KEY: text('', 'Private key file (PEM) of LETHE_TLS_CERT.'),
  LETHE_ALLOW_HTTP: yesOrNo
    .optional()
    .describe(
      'Whether plain HTTP is answered. Default: true when LETHE_HOST is a loopback address, else false; then a request has to come over TLS, here or by X-Forwarded-Proto of a trusted proxy.',
    ),
  LETHE_SECRET_KEY: z
    .string()
    .regex(/^([0-9a-f]{64})?$/i, { message: 'expected 64 hex characters (openssl rand -hex 32)' })
    .prefault('')
    .describe(
      'Keys the hashes of ids in the control store and signed links. Empty: made once and kept in `secret.key` of the data folder. Servers that share a control store need the same key.',
    ),
  LETHE_SMTP_URL: optionalUrl(
    ['smtp:', 'smtps:'],
    'smtp://user:password@host:port or smtps://…',
    'Mail server for invitations, links to sign in, and notices. `smtp:` uses STARTTLS when it is offered; `?requireTLS=true` insists. Empty: nothing is mailed, and links are printed where the server was started.',
  ),
  LETHE_MAIL_FROM: z
    .string()
    .regex(/^[^\s@<>]+@[^\s@<>]+$|^[^<>\r\n]+ <[^\s@<>]+@[^\s@<>]+>$|^$/, {
      message: 'expected an address such as lethe@example.com, or Lethe <lethe@example.com>',
    })
    .prefault('')
    .describe('Address that mails come from. Needed with LETHE_SMTP_URL.'),
  LETHE_INVITATION_MAILS_PER_HOUR: wholeNumber(
    1,
    1_000_000,
    10,
    'Invitations that one server mails to one e-mail domain in a rolling hour; beyond it 429 with Retry-After, and their links can be copied.',
  ),
  LETHE_SESSION_IDLE_MINUTES: wholeNumber(
    5,
    720,
    120,
    'Minutes after which a session that is not used ends. All end after 12 hours.',
  ),
  LETHE_METRICS: flag(false, 'Answer GET /metrics to everybody; otherwise to loopback callers only.'),
  LETHE_GEO_DATABASE: text(
    '',
    'File in the MaxMind DB format (GeoLite2-City.mmdb, say) that tells places by address. Empty: no places.',
  ),
  LETHE_GDPR_GRACE_SECONDS: wholeNumber(
    0,
    30 * 86_400,
    86_400,
    'How long a deletion request stays PENDING and can be canceled.',
  ),
  LETHE_GDPR_RATE_PER_SECOND: wholeNumber(
    1,
    1_000_000,
    1,
    'Privacy requests that may be created per project and second.',
  ),
  LETHE_GDPR_STATUS_RATE_PER_SECOND: wholeNumber(1, 1_000_000, 5, 'Status and cancel calls per project and second.'),
  LETHE_GDPR_CREATE_SHAPE: choice(
    ['list', 'task_id'],
    'list',
    'Answer of a create call: `list` as on the documented page, `task_id` as in the OpenAPI file.',
  ),
  LETHE_GDPR_RETRIEVAL_MAX_IDS: wholeNumber(1, 2_000, 2_000, 'Most distinct_ids of one retrieval.'),
  LETHE_GDPR_DELETION_MAX_IDS: wholeNumber(1, 2_000, 2_000, 'Most distinct_ids of one deletion.'),
  LETHE_GDPR_LINK_DAYS: wholeNumber(1, 365, 7, 'Days that a signed download link of a retrieval works.'),
  LETHE_GDPR_ARCHIVE_DAYS: wholeNumber(1, 365, 30, 'Days after which a retrieval archive is removed.'),
  LETHE_GDPR_SCAN_DAYS: wholeNumber(
    1,
    100_000,
    1_825,
    'Outstanding day-scans of retrievals per project; more are refused with 429.',
  ),
  LETHE_RETENTION_DAYS: wholeNumber(
    0,
    18_250,
    // A first import of five years of history must not lose three of them because nobody read about a default.
    0,
    'Days that events are kept, by their date, in projects that have no rule of their own; then they are removed. 0: for ever. Projects from before this setting keep everything until they get a rule.',
  ),
  LETHE_EVENT_DELETION_GRACE_SECONDS: wholeNumber(
    0,
    30 * 86_400,
    7 * 86_400,
    'How long a deletion of events by a rule can be undone. The events are hidden meanwhile.',
  ),
  LETHE_PROJECT_DELETION_GRACE_SECONDS: wholeNumber(
    0,
    365 * 86_400,
    60 * 86_400,
    'How long a deleted project can be restored; then its data is removed. Nothing opens it meanwhile.',
  ),
  LETHE_AUDIT_RETENTION_DAYS: wholeNumber(30, 36_500, 730, 'Days for which entries of the audit log are kept.'),
  LETHE_ORGANIZATION_DELETION_GRACE_SECONDS: wholeNumber(
    0,
    365 * 86_400,
    90 * 86_400,
    'How long a deleted organization still works, and can be restored; then it is closed and its data is removed.',
  ),
  LETHE_GROUP_KEYS_MAX: wholeNumber(1, 6, 3, 'Group keys that a project may have.'),
  LETHE_INGEST_RATE_BYTES: wholeNumber(
    0,
    2 ** 50,
    2_000_000_000,
    'Bytes, not compressed, that a project may send to one server in a rolling minute; beyond it 429 with Retry-After. 0: no limit.',
  ),
  LETHE_INGEST_RATE_EVENTS: wholeNumber(
    0,
    2 ** 50,
    1_800_000,
    'Events and profile updates that a project may send to one server in a rolling minute (30,000 a second). 0: no limit.',
  ),
  LETHE_HOT_ID_EVENTS: wholeNumber(
    0,
    2 ** 50,
    200_000,
    'Events of one distinct_id and day, as one server counts them, from which on its events are kept as `$hotshard_events` of nobody. 0: never.',
  ),
  LETHE_REDIRECT_ORIGINS: list(
    '',
    'Comma list of origins (https://www.example.com) that `redirect` of /track may lead to. Empty: it is not followed.',
  ).refine(
    (origins) =>
      origins.every((origin) => URL.canParse(origin) && /^https?:/.test(origin) && new URL(origin).origin === origin),
    { message: 'expected a comma list of origins such as https://www.example.com, without a path' },
  ),
  LETHE_INGEST_QUEUE_BYTES: wholeNumber(
    2 ** 20,
    64 * gibibyte,
    64 * 2 ** 20,
    'Most bytes of accepted rows that wait for an insert, per region; beyond it senders get 503 with Retry-After.',
  ),
  LETHE_QUERY_PER_HOUR: wholeNumber(
    1,
    1_000_000_000,
    60,
    'Calls of the Query API that a project may make to one server in a rolling hour; beyond it 429 with Retry-After.',
  ),
  LETHE_QUERY_CONCURRENT: wholeNumber(1, 10_000, 5, 'Calls of the Query API that a project may have running at once.'),
  LETHE_QUERY_TIMEOUT_SECONDS: wholeNumber(
    1,
    3_600,
    120,
    'How long one statement of a query may take; then it ends in the engine, and the answer is 503.',
  ),
  LETHE_QUERY_MEMORY_BYTES: wholeNumber(
    64 * 2 ** 20,
    1_024 * gibibyte,
    2 * gibibyte,
    'Most memory that one statement of a query may take in the engine. From half of it on, it spills to disk.',
  ),
  LETHE_REPORT_HOURLY_DAYS: wholeNumber(1, 3_660, 31, 'Most days of an insights report by the hour or minute.'),
  LETHE_REPORT_DAILY_DAYS: wholeNumber(1, 36_600, 366, 'Most days of an insights report by the day.'),
  LETHE_REPORT_ANY_EVENT_DAYS: wholeNumber(1, 36_600, 93, 'Most days of an insights metric of any event.'),
  LETHE_REPORT_COHORT_INTERVALS: wholeNumber(1, 3_660, 93, 'Most intervals of a cohort size over time.'),
  LETHE_JQL: flag(true, 'Run JQL scripts. Each runs in a process of its own, without rights and with bounded memory.'),
  LETHE_JQL_PER_HOUR: wholeNumber(
    1,
    1_000_000_000,
    60,
    'JQL scripts that a project may have run by one server in a rolling hour, within LETHE_QUERY_PER_HOUR.',
  ),
  LETHE_JQL_CONCURRENT: wholeNumber(1, 10_000, 5, 'JQL scripts that a project may have running at once.'),
  LETHE_JQL_PROCESSES: wholeNumber(
    1,
    1_000,
    8,
    'JQL scripts of all projects that one server runs at once; beyond it 503 with Retry-After.',
  ),
  LETHE_JQL_TIMEOUT_SECONDS: wholeNumber(1, 3_600, 120, 'How long a JQL script may take, its reading included.'),
  LETHE_JQL_MEMORY_MB: wholeNumber(
    16,
    2_048,
    256,
    'Most memory of a JQL script, in MiB; its process takes some 60 more.',
  ),
  LETHE_JQL_PROCESSED_BYTES: wholeNumber(
    1,
    1_024 * gibibyte,
    5_000_000_000,
    'Most bytes of events and profiles that a JQL script may be fed, as JSON.',
  ),
  LETHE_JQL_OUTPUT_BYTES: wholeNumber(1, 1_024 * gibibyte, 2_000_000_000, 'Largest result of a JQL script.'),
  LETHE_LEXICON_PER_MINUTE: wholeNumber(
    1,
    1_000_000_000,
    5,
    'Calls of the Lexicon schemas API that an organization may make to one server in a rolling minute; beyond it 429 with Retry-After.',
  ),
  LETHE_LEXICON_UPDATES_PER_MINUTE: wholeNumber(
    1,
    1_000_000_000,
    4_000,
    'Events and properties that an organization may update by that API on one server in a rolling minute.',
  ),
  LETHE_LEXICON_DELETIONS_MAX: wholeNumber(1, 1_000_000_000, 3_000, 'Schemas that one request of that API may delete.'),
  LETHE_EXPORT_PER_HOUR: wholeNumber(
    1,
    1_000_000_000,
    60,
    'Raw exports that a project may ask one server for in a rolling hour; beyond it 429 with Retry-After.',
  ),
  LETHE_EXPORT_PER_SECOND: wholeNumber(1, 1_000_000, 3, 'The same in a second.'),
  LETHE_EXPORT_CONCURRENT: wholeNumber(1, 100_000, 100, 'Raw exports that a project may have running at once.'),
  LETHE_INGEST_TIMEOUT_SECONDS: wholeNumber(
    1,
    600,
    30,
    'How long storing may take before its senders, and all who wait behind them, get 503 with Retry-After.',
  ),
  LETHE_DUPLICATE_COMPACTION_HOURS: wholeNumber(
    0,
    480,
    0,
    'Hours from one removal of events that came in again (same event, distinct_id, $insert_id and UTC day) to the next. 0: they stay in the table and in exports; queries count them once all the same.',
  ),
})

/** Settings of one region; the variable is `LETHE_<R>_` + the name here. */
export const regionSettings = z.object({
  HOSTS: list('', 'Comma list of host names that mean this region. Replaces the default list.').refine(
    (hosts) => hosts.every((host) => /^[a-z0-9.-]+$/i.test(host)),
    { message: 'expected a comma list of host names without scheme and port' },
  ),
  URL: optionalUrl(
    ['http:', 'https:'],
    'an http:// or https:// URL',
    'Public base URL of the web host: links, downloads, single sign-on.',
  ),
  CLICKHOUSE_URL: optionalUrl(
    ['http:', 'https:'],
    'http(s)://user:password@host:port/database, or nothing for the embedded engine',
    'Region engine. Empty: embedded.',
  ),
  CLICKHOUSE_CLUSTER: z
    .string()
    .regex(/^[\w-]*$/, { message: 'expected the name of a cluster in the configuration of ClickHouse' })
    .prefault('')
    .describe('Cluster name: creates replicated and Distributed tables. Needs CLICKHOUSE_URL.'),
  OBJECTS_URL: z
    .string()
    .refine((value) => value === '' || parseObjectsUrl(value) !== null, {
      message: 'expected file:///folder, or s3://bucket/prefix with endpoint, region, encryption or kms_key after a ?',
    })
    .prefault('')
    .describe(
      'Region objects: `file:///folder`, or `s3://bucket/prefix?endpoint=https://…&region=…`, with `encryption=AES256` or `aws:kms` (`kms_key=…`). Credentials as AWS tools find them (AWS_ACCESS_KEY_ID…), or `s3://id:secret@bucket`, percent-encoded. Empty: a folder under the data folder.',
    ),
  CLUSTER_NAME: list('', 'Cluster names that projects of this region may show, the default first.').refine(
    (names) => names.every((name) => /^[\w.-]{1,100}$/.test(name)),
    { message: 'expected names of letters, digits, dots and dashes' },
  ),
})

export type Settings = z.infer<typeof settings>
export type RegionSettings = z.infer<typeof regionSettings>

/** Their values are never repeated in a message. */
export const secretSettings: ReadonlySet<string> = new Set([
  'LETHE_SECRET_KEY',
  'LETHE_DATABASE_URL',
  'LETHE_SMTP_URL',
  'CLICKHOUSE_URL',
  'OBJECTS_URL',
])
