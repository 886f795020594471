import type { Properties } from './model-identities.ts'

export type Profile = Readonly<Record<string, unknown>>

const sameAs = (value: unknown) => (other: unknown) => JSON.stringify(other) === JSON.stringify(value)
const listOf = (value: unknown): readonly unknown[] => (value === undefined ? [] : (value as readonly unknown[]))

type Operation = (profile: Profile | null, operand: never) => Profile | null
const each =
  (change: (profile: Profile, name: string, value: unknown) => unknown): Operation =>
  (profile, operand: Profile) => {
    const after: Record<string, unknown> = { ...profile }
    for (const [name, value] of Object.entries(operand)) after[name] = change(after, name, value)
    return after
  }

/** Ingestion §12, for lists, numbers and texts as the histories send them. */
const operations: Readonly<Record<string, Operation>> = {
  $set: each((_profile, _name, value) => value),
  $set_once: each((profile, name, value) => (name in profile ? profile[name] : value)),
  $add: each((profile, name, value) => Number(profile[name] ?? 0) + Number(value)),
  $append: each((profile, name, value) => [...listOf(profile[name]), value]),
  $union: each((profile, name, values) => {
    const known = listOf(profile[name])
    return [...known, ...listOf(values).filter((value) => !known.some(sameAs(value)))]
  }),
  $remove: (profile, operand: Profile) => {
    if (profile === null) return null
    const after: Record<string, unknown> = { ...profile }
    for (const [name, value] of Object.entries(operand)) {
      if (name in after) after[name] = listOf(after[name]).filter((item) => !sameAs(value)(item))
    }
    return after
  },
  $unset: (profile, names: readonly string[]) =>
    profile && Object.fromEntries(Object.entries(profile).filter(([name]) => !names.includes(name))),
  $delete: () => null,
}

/** What a record with one operation makes of a profile; null: there is none. */
export const changed = (profile: Profile | null, record: Properties): Profile | null => {
  const name = Object.keys(record).find((key) => key in operations) ?? ''
  const operation = operations[name]
  if (operation === undefined) throw new Error('a record without an operation')
  return operation(profile, record[name] as never)
}
