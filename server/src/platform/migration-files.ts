import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sha256Hex } from '../kernel/hash.ts'

export interface MigrationFile {
  /** `0001-events.sql` */
  readonly name: string
  readonly text: string
  readonly sha256: string
}

const namePattern = /^\d{4}-[a-z0-9-]+\.sql$/

/** The files `NNNN-name.sql` of a folder, in order. Throws Error when a `.sql` file has another name or two share a number. */
export const readMigrations = async (folder: string): Promise<readonly MigrationFile[]> => {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()
  const misnamed = names.find((name) => !namePattern.test(name))
  if (misnamed !== undefined) throw new Error(`migration ${misnamed} is not named NNNN-name.sql`)
  const twin = names.find((name, index) => name.slice(0, 4) === names[index - 1]?.slice(0, 4))
  if (twin !== undefined) throw new Error(`two migrations have the number ${twin.slice(0, 4)}`)
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(join(folder, name), 'utf8')
      return { name, text, sha256: sha256Hex(text) }
    }),
  )
}

export interface AppliedMigration {
  readonly name: string
  readonly sha256: string
}

/** What is still to be applied. Throws Error when an applied file has changed since. */
export const pendingMigrations = (
  files: readonly MigrationFile[],
  applied: readonly AppliedMigration[],
): readonly MigrationFile[] => {
  const sha256Of = new Map(applied.map(({ name, sha256 }) => [name, sha256]))
  const changed = files.find(({ name, sha256 }) => sha256Of.has(name) && sha256Of.get(name) !== sha256)
  if (changed !== undefined) {
    throw new Error(`migration ${changed.name} was changed after it had been applied; add a new file instead`)
  }
  return files.filter(({ name }) => !sha256Of.has(name))
}
