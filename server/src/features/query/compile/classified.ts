import { ClassifiedProperty } from '../errors.ts'
import type { ReadView } from '../read-view.ts'
import type { Binder } from './sql-context.ts'

// PRIV-36. Whoever may not see a property must not learn of it from an answer either: no question may name it, and the
// rows that questions read do not have it.

type Kind = keyof ReadView['classified']

/** Throws ClassifiedProperty (403) when the caller may not see the property. Answers the name. */
export const notClassified = ({ classified }: ReadView, kind: Kind, name: string): string => {
  if (classified[kind].includes(name)) throw new ClassifiedProperty(name)
  return name
}

/** Rows (a table, or a query in brackets) of the project with a column `properties`, without what the caller may not see. */
export const withoutClassified = ({ classified }: ReadView, binder: Binder, kind: Kind, rows: string): string => {
  const names = classified[kind]
  if (names.length === 0) return rows
  const hidden = binder.bind(names, 'Array(String)')
  return `(SELECT * REPLACE (mapFilter((name, value) -> NOT has(${hidden}, name), properties) AS properties) FROM ${rows})`
}
