import { AppError, InvalidRequest } from '../../../kernel/errors.ts'
import { isJsonObject, isNumberLike, type JsonValue, parseJson } from '../../../kernel/json.ts'
import type { ComplianceType, DisclosureType } from './task.ts'

export interface CreateRequest {
  readonly distinctIds: readonly string[]
  readonly complianceType: ComplianceType
  readonly disclosureType: DisclosureType
  /** Ours: refuse later events of these ids (PRIV-31). Undefined: the project's setting. */
  readonly suppress: boolean | undefined
}

export class TooManyIds extends AppError {
  constructor(maxCount: number) {
    super('INVALID_REQUEST', `at most ${maxCount} distinct_ids per request`, { status: 400 })
  }
}

/** A longer id was never stored (ingestion §7 truncates at 255 bytes), so it can name nobody. */
const idBytesMax = 1_024

const compliances: Readonly<Record<string, ComplianceType>> = { gdpr: 'gdpr', ccpa: 'ccpa' }
const disclosures: Readonly<Record<string, DisclosureType>> = {
  data: 'DATA',
  categories: 'CATEGORIES',
  sources: 'SOURCES',
}

/** JSON under any Content-Type (PRIV-07, privacy §1.1). Throws InvalidRequest unless it is an object. */
export const parseBody = (body: Buffer): { readonly [key: string]: JsonValue } => {
  const text = body.toString('utf8').trim()
  if (text === '') throw new InvalidRequest('a JSON body with distinct_ids is required')
  let value: JsonValue
  try {
    value = parseJson(text)
  } catch {
    throw new InvalidRequest('the body is not valid JSON')
  }
  if (!isJsonObject(value)) throw new InvalidRequest('the body must be a JSON object')
  return value
}

/** PRIV-01, PRIV-03, PRIV-10, PRIV-11: privacy §1.2. `maxIds` is the batch limit of PRIV-14. */
export const parseCreateRequest = (
  body: { readonly [key: string]: JsonValue },
  kind: 'retrieval' | 'deletion',
  maxIds: number,
): CreateRequest => {
  const distinctIds = parseDistinctIds(body['distinct_ids'])
  if (distinctIds.length > maxIds) throw new TooManyIds(maxIds)
  const complianceType = oneOf('compliance_type', body['compliance_type'], compliances, 'gdpr')
  // Meaningful for CCPA retrievals only; elsewhere it is ignored, also when it makes no sense.
  const disclosureType =
    kind === 'retrieval' && complianceType === 'ccpa'
      ? oneOf('disclosure_type', body['disclosure_type'], disclosures, 'DATA')
      : 'DATA'
  const { suppress } = body
  if (suppress !== undefined && typeof suppress !== 'boolean') {
    throw new InvalidRequest('suppress must be true or false')
  }
  return { distinctIds, complianceType, disclosureType, suppress }
}

/** An array of ids, or (v2 clients) the JSON text of one. Numbers become text; duplicates go, order stays. */
export const parseDistinctIds = (value: JsonValue | undefined): readonly string[] => {
  const list = typeof value === 'string' ? arrayFromText(value) : value
  if (!Array.isArray(list) || list.length === 0) {
    throw new InvalidRequest('distinct_ids must be an array with at least one id')
  }
  const ids = list.map((item: JsonValue) => {
    if (isNumberLike(item)) return JSON.stringify(item)
    if (typeof item !== 'string' || item.trim() === '') {
      throw new InvalidRequest('each of distinct_ids must be a string that is not blank')
    }
    if (Buffer.byteLength(item) > idBytesMax) {
      throw new InvalidRequest(`each of distinct_ids must be at most ${idBytesMax} bytes`)
    }
    if (!item.isWellFormed()) throw new InvalidRequest('each of distinct_ids must be valid Unicode')
    return item
  })
  return [...new Set(ids)]
}

const arrayFromText = (text: string): JsonValue => {
  try {
    return parseJson(text)
  } catch {
    return null
  }
}

const oneOf = <T>(name: string, value: JsonValue | undefined, choices: Readonly<Record<string, T>>, fallback: T): T => {
  if (value === undefined || value === null) return fallback
  const choice =
    typeof value === 'string' && Object.hasOwn(choices, value.toLowerCase()) ? choices[value.toLowerCase()] : undefined
  if (choice === undefined) {
    throw new InvalidRequest(`${name} must be one of ${Object.keys(choices).join(', ')}`)
  }
  return choice
}
