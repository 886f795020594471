import { InvalidRequest } from '../../kernel/errors.ts'
import type { ProjectScope } from '../../kernel/scope.ts'
import type { Checked } from './check-definition.ts'
import type { CustomPropertyDefinition } from './definitions/custom-property.ts'
import type { DefinitionStore, SavedDefinition } from './store/postgres-definition-store.ts'

const named = /\$custom_property:([1-9]\d{0,9})/g

/** Ids of the custom properties that a definition names, in expressions or as a property. */
const namedIn = (definition: object): readonly number[] => [
  ...new Set([...JSON.stringify(definition).matchAll(named)].map(([, id]) => Number(id))),
]

const borrowedCountMax = 20
/** How deep custom properties can name each other; a question looks no deeper (query, `compile/custom-properties.ts`). */
const depthMax = 10

/**
 * Custom properties that are named are there, none is made of itself, borrowed ones are few, and no data view is made of
 * borrowed ones: what is borrowed is looked for in the view. Throws InvalidRequest.
 */
export const checkCustomProperties = async (
  definitions: DefinitionStore,
  scope: ProjectScope,
  { kind, id, definition }: Checked,
): Promise<void> => {
  const wanted = namedIn(definition)
  const isBorrowed = kind === 'custom-property' && isOfBorrowed(definition as CustomPropertyDefinition)
  if (wanted.length === 0 && !isBorrowed) return
  const all = new Map((await definitions.list(scope, 'custom-property')).map((found) => [found.id, found]))
  const missing = wanted.find((one) => !all.has(one))
  if (missing !== undefined) throw new InvalidRequest(`the project has no custom property ${missing}`)
  if (isBorrowed) refuseMoreBorrowed([...all.values()], id)
  const reached = reachedFrom(all, wanted)
  if (kind === 'custom-property' && id !== null && reached.includes(id)) {
    throw new InvalidRequest('a custom property cannot be part of itself')
  }
  if (kind === 'data-view' && reached.some((one) => isOfBorrowed(definitionOf(all.get(one))))) {
    throw new InvalidRequest('a data view cannot be made of borrowed properties')
  }
}

const definitionOf = (found: SavedDefinition | undefined) => found?.definition as CustomPropertyDefinition | undefined

const isOfBorrowed = (definition: CustomPropertyDefinition | undefined): boolean => definition?.type === 'borrowed'

const refuseMoreBorrowed = (all: readonly SavedDefinition[], id: number | null): void => {
  const others = all.filter((found) => found.id !== id && isOfBorrowed(definitionOf(found)))
  if (others.length >= borrowedCountMax) {
    throw new InvalidRequest(`a project has at most ${borrowedCountMax} borrowed properties`)
  }
}

/** Everything that is named, also by what is named. Throws InvalidRequest below the last level. */
const reachedFrom = (all: ReadonlyMap<number, SavedDefinition>, wanted: readonly number[]): readonly number[] => {
  const reached = new Set<number>()
  let level = wanted
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth >= depthMax) throw new InvalidRequest(`custom properties can name each other ${depthMax} levels deep`)
    for (const one of level) reached.add(one)
    const next = level.flatMap((one) => namedIn(definitionOf(all.get(one)) ?? {}))
    level = [...new Set(next)]
    // A circle that was made by two changes at once is no reason to go on.
    if (level.every((one) => reached.has(one))) break
  }
  return [...reached]
}
