import { z } from 'zod'

const groupCountMax = 10
const evenCountMax = 100

const label = z.string().trim().min(1).max(255)

/** Ranges of one size from `min` to `max`; what is below and above has a group each. */
const even = z
  .strictObject({ type: z.literal('even'), min: z.number(), max: z.number(), size: z.number().positive() })
  .refine(({ min, max }) => min < max, { message: 'min must be less than max' })
  .refine(({ min, max, size }) => (max - min) / size <= evenCountMax, {
    message: `makes more than ${evenCountMax} groups`,
  })

/** From, inclusive, to, exclusive; the first group that fits. */
const varied = z.strictObject({
  type: z.literal('varied'),
  groups: z
    .array(
      z
        .strictObject({ from: z.number().optional(), to: z.number().optional(), label: label.optional() })
        .refine(({ from, to }) => from !== undefined || to !== undefined, { message: 'needs from or to' })
        .refine(({ from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY }) => from < to, {
          message: 'from must be less than to',
        }),
    )
    .min(1)
    .max(groupCountMax),
})

const texts = z.array(z.string().max(255)).min(1).max(100)

/** Texts that are one of `values`, or hold one of `contains`; the first group that fits. */
const text = z.strictObject({
  type: z.literal('text'),
  groups: z
    .array(
      z
        .strictObject({ label, values: texts.optional(), contains: texts.optional() })
        .refine(({ values, contains }) => values !== undefined || contains !== undefined, {
          message: 'needs values or contains',
        }),
    )
    .min(1)
    .max(groupCountMax),
})

/** Groups that values are put into (reports §1). */
export const valueBuckets = z.discriminatedUnion('type', [even, varied, text])
