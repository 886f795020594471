import { z } from 'zod'
import type { DataRules } from './domain/data-rules.ts'
import { isUnruled, nameBytesMax } from './domain/names.ts'

const text = z
  .string({ error: 'expected a text' })
  .min(1, 'must not be empty')
  .refine((name) => name.isWellFormed() && Buffer.byteLength(name) <= nameBytesMax, 'at most 255 bytes of UTF-8')

const property = text.refine((name) => !isUnruled(name), 'says whose the record is; no rule may be about it')

// Numbers that a double cannot hold are told apart by their digits, which this document does not keep.
const value = z.union([text, z.literal(''), z.number().refine(Number.isFinite), z.boolean()], {
  error: 'expected a text, a number, true or false',
})
const values = z.array(value).min(1, 'at least one value').max(100, 'at most 100 values')

const policy = z.enum(['store', 'anonymise', 'drop'], { error: 'expected one of store, anonymise, drop' })

const dropFilter = z.strictObject({
  event: text,
  properties: z
    .array(z.strictObject({ name: property, values }))
    .min(1, 'at least one property; to drop every event of a name, block it')
    .max(20, 'at most 20 properties'),
})

const propertyRule = z
  .strictObject({
    name: property,
    event: text.optional(),
    of: z
      .array(z.enum(['events', 'profiles']))
      .min(1)
      .default(['events', 'profiles']),
    do: z.enum(['drop', 'hash', 'truncate'], { error: 'expected one of drop, hash, truncate' }),
    length: z.number().int().min(1).max(nameBytesMax).optional(),
  })
  .refine((rule) => (rule.do === 'truncate') === (rule.length !== undefined), {
    path: ['length'],
    message: 'belongs to truncate, which needs it',
  })

/** PRIV-35: 15 drop filters; the other bounds are ours. */
const document = {
  drop_filters: z.array(dropFilter).max(15, 'at most 15 drop filters').default([]),
  blocked_events: z.array(text).max(500, 'at most 500 events').default([]),
  consent: z
    .strictObject({
      sec_gpc: policy.default('store'),
      dnt: policy.default('store'),
      property: z.strictObject({ name: property, values, policy }).nullable().default(null),
    })
    .prefault({}),
  properties: z.array(propertyRule).max(200, 'at most 200 rules').default([]),
}

const inFile = z.strictObject(document)
// As GET answers it, so that it can be changed and sent back.
const inCall = z.strictObject({ ...document, version: z.int().min(0).optional(), updated_at: z.unknown().optional() })

export type Read<Value> =
  | { readonly value: Value; readonly faults: readonly [] }
  | { readonly value: null; readonly faults: readonly string[] }

const read = <Value>(schema: z.ZodType<Value>, sent: unknown): Read<Value> => {
  const result = schema.safeParse(sent)
  if (result.success) return { value: result.data, faults: [] }
  return { value: null, faults: result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) }
}

/** `data_rules` of the provisioning file. */
export const readRules = (sent: unknown): Read<DataRules> => read(inFile, sent)

/** The body of PUT. `version`: the one that was changed, if the caller wants to know that it still was the newest. */
export const readChange = (sent: unknown): Read<{ readonly rules: DataRules; readonly version: number | null }> => {
  const found = read(inCall, sent)
  if (found.value === null) return found
  const { version = null, updated_at: _, ...rules } = found.value
  return { value: { rules, version }, faults: [] }
}
