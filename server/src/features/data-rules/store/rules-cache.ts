import type { ControlDb } from '../../../platform/postgres/control-db.ts'
import type { DataRules } from '../domain/data-rules.ts'
import { type Door, openDoor } from '../domain/door.ts'
import { findRules } from './postgres-data-rules-store.ts'

interface Known {
  readonly version: number
  /** Null while they are being read. */
  door: Door | null
  readonly reading: Promise<Door>
}

// Only projects with rules are here.
const projectCountMax = 10_000

/** The rules of projects, ready for use. Asked for every request: waits for the control store only after a change. */
export interface RulesCache {
  /** `dataRulesVersion` is the project's, as the directory knows it: a new one means other rules. Null: there are none. */
  doorOf(project: { readonly id: number; readonly dataRulesVersion: number }): Door | null | Promise<Door>
}

/** `hashOf` makes the keyed hash of a project. */
export const createRulesCache = (
  control: ControlDb,
  hashOf: (projectId: number) => (text: string) => string,
): RulesCache => {
  const byProject = new Map<number, Known>()
  const load = async (projectId: number): Promise<Door> => {
    const { rules } = await findRules(control, projectId)
    return openDoor(rules as DataRules, hashOf(projectId))
  }
  return {
    doorOf: ({ id, dataRulesVersion: version }) => {
      if (version === 0) return null
      const found = byProject.get(id)
      if (found?.version === version) return found.door ?? found.reading
      const known: Known = { version, door: null, reading: load(id) }
      byProject.set(id, known)
      if (byProject.size > projectCountMax) byProject.delete(byProject.keys().next().value as number)
      known.reading.then(
        (door) => {
          known.door = door
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
