import type { ControlDb } from '../../../platform/postgres/control-db.ts'
import type { DataRules } from '../domain/data-rules.ts'
import { type Door, openDoor } from '../domain/door.ts'
import { isUnruled } from '../domain/names.ts'
import { findRules } from './postgres-data-rules-store.ts'

interface Known {
  readonly version: string
  /** Null while it is being read. */
  found: { readonly door: Door | null } | null
  readonly reading: Promise<Door | null>
}

/** What else of a project is kept out at the door: events, and properties of one event or of all. */
export interface Blocked {
  readonly events: readonly string[]
  readonly properties: readonly { readonly name: string; readonly event?: string }[]
}
/** Null: nothing. */
export type FindBlocked = (projectId: number) => Promise<Blocked | null>

/** What of a project says whether its rules are still those that are known. */
export interface VersionedProject {
  readonly id: number
  readonly dataRulesVersion: number
  readonly lexiconVersion: number
}

// Only projects with rules are here.
const projectCountMax = 10_000

/** The rules of projects, ready for use. Asked for every request: waits for the control store only after a change. */
export interface RulesCache {
  /** The versions are the project's, as the directory knows it: a new one means other rules. Null: there are none. */
  doorOf(project: VersionedProject): Door | null | Promise<Door | null>
}

/** `hashOf` makes the keyed hash of a project. */
export const createRulesCache = (
  control: ControlDb,
  findBlocked: FindBlocked,
  hashOf: (projectId: number) => (text: string) => string,
): RulesCache => {
  const byProject = new Map<number, Known>()
  const load = async ({ id, dataRulesVersion, lexiconVersion }: VersionedProject): Promise<Door | null> => {
    const blocked = lexiconVersion === 0 ? null : await findBlocked(id)
    if (dataRulesVersion === 0 && blocked === null) return null
    const { rules } = await findRules(control, id)
    return openDoor(blocked === null ? rules : withBlocked(rules, blocked), hashOf(id))
  }
  return {
    doorOf: (project) => {
      const { id, dataRulesVersion, lexiconVersion } = project
      if (dataRulesVersion === 0 && lexiconVersion === 0) return null
      const version = `${dataRulesVersion} ${lexiconVersion}`
      const found = byProject.get(id)
      if (found?.version === version) return found.found === null ? found.reading : found.found.door
      const known: Known = { version, found: null, reading: load(project) }
      byProject.set(id, known)
      if (byProject.size > projectCountMax) byProject.delete(byProject.keys().next().value as number)
      known.reading.then(
        (door) => {
          known.found = { door }
        },
        // Rules that could not be read must not be taken for none: this request fails, the next one asks again.
        () => {
          if (byProject.get(id) === known) byProject.delete(id)
        },
      )
      return known.reading
    },
  }
}

/** What is taken out goes first: nothing has to be hashed or cut for it. */
const withBlocked = (rules: DataRules, { events, properties }: Blocked): DataRules => ({
  ...rules,
  blocked_events: [...rules.blocked_events, ...events],
  properties: [
    ...properties
      .filter(({ name }) => !isUnruled(name))
      .map((property) => ({ ...property, of: ['events'] as const, do: 'drop' as const })),
    ...rules.properties,
  ],
})
