import { InvalidRequest } from '../../../kernel/errors.ts'
import { dayMs, utcDay } from '../../../kernel/time.ts'

export type Frequency = 'daily' | 'hourly'

/** What a pipeline is told, without secrets. */
export interface PipelineSettings {
  readonly bucket: string
  readonly region: string
  /** Null: that of AWS. */
  readonly endpoint: string | null
  /** Without slashes at its ends; may be empty. */
  readonly prefix: string
  readonly encryption: 'none' | 'aes' | 'kms'
  readonly kmsKeyId: string | null
  /** Null: every event. */
  readonly events: readonly string[] | null
  readonly where: string | null
}

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

export interface CreateRequest {
  readonly frequency: Frequency
  readonly settings: PipelineSettings
  readonly credentials: Credentials
  readonly fromMs: number
  /** End of the last day; null: for ever. */
  readonly endsAtMs: number | null
}

const otherTypes = new Set(['gcs-raw', 'azure-raw', 'bigquery', 'snowflake', 'aws', 'azure-blob', 'gcs-schema'])
const historyDays = 184

const refuse = (sentence: string): never => {
  throw new InvalidRequest(sentence)
}

/** Parameters of `POST …/pipeline/create` (pipelines §2). Throws InvalidRequest with one sentence. */
export const parseCreateRequest = (form: URLSearchParams, nowMs: number): CreateRequest => {
  const text = (name: string): string => (form.get(name) ?? '').trim()
  const needed = (name: string): string => text(name) || refuse(`${name} is required`)
  const type = needed('type')
  if (otherTypes.has(type)) refuse(`pipelines of type ${type} are not in this release; use s3-raw`)
  if (type !== 's3-raw') refuse('type must be s3-raw')
  if (/^(true|1)$/i.test(text('trial'))) refuse('trial pipelines are not in this release; leave trial out')
  if (!['', 'events'].includes(text('data_source'))) refuse('data_source must be events')
  if (!['', 'json'].includes(text('data_format'))) refuse('data_format must be json')
  const toDate = text('to_date')
  const frequency = text('frequency') || 'daily'
  if (frequency !== 'daily' && frequency !== 'hourly') return refuse('frequency must be daily or hourly')
  if (toDate !== '' && text('frequency') !== '') refuse('frequency is for pipelines without to_date')
  const fromMs = dayOf('from_date', needed('from_date'))
  const endsAtMs = toDate === '' ? null : dayOf('to_date', toDate) + dayMs
  if (fromMs > nowMs) refuse('from_date must not be in the future')
  if (fromMs < nowMs - historyDays * dayMs) refuse('from_date must be at most 6 months ago')
  if (endsAtMs !== null && endsAtMs <= fromMs) refuse('to_date must not be earlier than from_date')
  if (endsAtMs !== null && endsAtMs - dayMs > nowMs) refuse('to_date must not be in the future')
  return {
    frequency,
    fromMs,
    endsAtMs,
    settings: {
      bucket: matching('s3_bucket', needed('s3_bucket'), /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/),
      region: matching('s3_region', needed('s3_region'), /^[a-z0-9-]{1,64}$/),
      endpoint: text('s3_endpoint') || null,
      prefix: matching('s3_prefix', text('s3_prefix').replace(/^\/+|\/+$/g, ''), /^([\w.=-]+(\/[\w.=-]+)*)?$/),
      encryption: encryptionOf(text('s3_encryption')),
      kmsKeyId: text('s3_kms_key_id') || null,
      ...parseFilter(form),
    },
    credentials: credentialsOf(text('s3_access_key_id'), text('s3_secret_access_key')),
  }
}

/** `events` (repeated) and `where`, which an edit may change. */
export const parseFilter = (form: URLSearchParams): Pick<PipelineSettings, 'events' | 'where'> => {
  const events = form.getAll('events').filter((name) => name !== '')
  if (events.length > 1_000 || events.some((name) => name.length > 255)) refuse('events has too many or too long names')
  return { events: events.length === 0 ? null : events, where: (form.get('where') ?? '').trim() || null }
}

const credentialsOf = (accessKeyId: string, secretAccessKey: string): Credentials =>
  accessKeyId === '' || secretAccessKey === ''
    ? refuse('s3_access_key_id and s3_secret_access_key are required: this server has no account that takes on s3_role')
    : { accessKeyId, secretAccessKey }

const encryptionOf = (text: string): PipelineSettings['encryption'] => {
  const found = text || 'none'
  if (found === 'none' || found === 'aes' || found === 'kms') return found
  return refuse('s3_encryption must be none, aes or kms')
}

const matching = (name: string, text: string, pattern: RegExp): string =>
  pattern.test(text) && !text.split('/').some((part) => /^\.+$/.test(part))
    ? text
    : refuse(`${name} has characters or a length that it may not have`)

const dayOf = (name: string, text: string): number => {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  return Number.isNaN(ms) || utcDay(ms) !== text ? refuse(`${name} must be a date of the form YYYY-MM-DD`) : ms
}
