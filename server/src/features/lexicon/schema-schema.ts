import { z } from 'zod'
import { InvalidRequest } from '../../kernel/errors.ts'
import { type EntityType, profileName, type Schema } from './domain/schema.ts'

const nameBytesMax = 255

export const entityName = z
  .string()
  .min(1, 'must not be empty')
  .refine((name) => Buffer.byteLength(name) <= nameBytesMax, `must be at most ${nameBytesMax} bytes`)

const text = z.string().max(10_000, 'must be at most 10,000 characters')
const word = z.string().max(255, 'must be at most 255 characters')
const words = z.array(word).max(100, 'must be at most 100 texts')

const propertyMarks = z.strictObject({
  displayName: word.nullable().optional(),
  hidden: z.boolean().nullable().optional(),
  dropped: z.boolean().nullable().optional(),
})
const entityMarks = z.strictObject({
  $source: word.nullable().optional(),
  ...propertyMarks.shape,
  tags: words.nullable().optional(),
  contacts: words.nullable().optional(),
  teamContacts: words.nullable().optional(),
})
const metadataOf = <Marks extends z.ZodType>(marks: Marks) =>
  z.looseObject({ 'com.mixpanel': marks.optional() }).optional()

export const types = ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'] as const
const typeMessage = `must be one of ${types.join(', ')}`

// Keywords of JSON schema that this API has no meaning for (`examples`, `format`, …) are kept and given back.
const property = z.looseObject({
  type: z.enum(types, { error: typeMessage }),
  description: text.optional(),
  metadata: metadataOf(propertyMarks),
})
const propertyCountMax = 5_000
const propertiesOf = <Property extends z.ZodType>(one: Property) =>
  z
    .record(entityName, one)
    .refine((all) => Object.keys(all).length <= propertyCountMax, `must be at most ${propertyCountMax} properties`)
    .optional()

/** What is kept. */
export const schemaJson = z.looseObject({
  $schema: text.optional(),
  description: text.optional(),
  required: z.array(entityName).max(propertyCountMax).optional(),
  additionalProperties: z.boolean().optional(),
  properties: propertiesOf(property),
  metadata: metadataOf(entityMarks),
})

/** A change to what is kept; whether it makes a schema is only seen when it is put in. */
export const schemaPatch = z.looseObject({})

export const entityTypes = ['event', 'profile'] as const satisfies readonly EntityType[]

export const entriesOf = <Json extends z.ZodType>(json: Json) =>
  z
    .strictObject({
      entityType: z.enum(entityTypes, { error: `must be one of ${entityTypes.join(', ')}` }),
      name: entityName,
      schemaJson: json,
    })
    .superRefine(({ entityType, name }, context) => {
      if (isNameOf(entityType, name)) return
      context.addIssue({ code: 'custom', path: ['name'], message: `must be ${profileName} for profiles` })
    })

export const isNameOf = (entityType: EntityType, name: string): boolean =>
  entityType === 'event' || name === profileName

/** A schema as it is about to be kept. Throws InvalidRequest, with the place and without values. */
export const checkedSchema = (entityType: EntityType, name: string, json: unknown): Schema => {
  const result = schemaJson.safeParse(json)
  if (!result.success) {
    const [issue] = result.error.issues
    throw new InvalidRequest(`'${issue?.path.map(String).join('.')}' is invalid: ${issue?.message}`)
  }
  if (entityType === 'profile') refuseDropped(name, result.data)
  return result.data
}

/** What profiles keep is not decided at the door of events. */
const refuseDropped = (name: string, { metadata, properties = {} }: z.infer<typeof schemaJson>): void => {
  const marks = [metadata, ...Object.values(properties).map((one) => one.metadata)]
  if (marks.some((one) => one?.['com.mixpanel']?.dropped === true)) {
    throw new InvalidRequest(`${name}: 'dropped' is for events and their properties, not for profiles`)
  }
}
