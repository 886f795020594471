import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** The project's own files, as every check sees them. Paths are relative to the top folder, with `/`. */
export interface Tree {
  readonly paths: readonly string[]
  /** Empty when there is no such file: what is missing is then found by what should have been in it. */
  text(path: string): string
  sizeBytes(path: string): number
  has(path: string): boolean
}

/** What git tracks, and what it would track: a new file is checked before it is added. Without git, the folder as it is. */
export const treeOfProject = (top: string): Tree => {
  const paths = [...new Set(pathsOfGit(top) ?? pathsOfFolder(top))]
    .filter((path) => path !== '' && existsSync(join(top, path)))
    .sort()
  return {
    paths,
    text: (path) => (existsSync(join(top, path)) ? readFileSync(join(top, path), 'utf8') : ''),
    sizeBytes: (path) => statSync(join(top, path)).size,
    has: (path) => existsSync(join(top, path)),
  }
}

// safe.directory: a checkout that belongs to another user, as in a container, is still this project.
const gitArgs = ['-c', 'safe.directory=*', 'ls-files', '-z', '--cached', '--others', '--exclude-standard']

const pathsOfGit = (top: string): readonly string[] | null => {
  const { status, stdout } = spawnSync('git', gitArgs, { cwd: top, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  return status === 0 ? stdout.split('\0') : null
}

const pathsOfFolder = (top: string): readonly string[] => {
  const ignored = new Set(['.git', ...readFileSync(join(top, '.gitignore'), 'utf8').split(/\/?\r?\n/)])
  const walk = (folder: string): readonly string[] =>
    readdirSync(join(top, folder), { withFileTypes: true }).flatMap((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (ignored.has(entry.name) || ignored.has(path)) return []
      return entry.isDirectory() ? walk(path) : [path]
    })
  return walk('')
}

/** A tree made of texts, for the tests of the checks. */
export const treeOf = (files: Readonly<Record<string, string>>): Tree => {
  const paths = Object.keys(files).sort()
  const has = (path: string): boolean => paths.some((known) => known === path || known.startsWith(`${path}/`))
  const text = (path: string): string => files[path] ?? ''
  return { paths, text, sizeBytes: (path) => Buffer.byteLength(text(path)), has }
}

export const isTest = (path: string): boolean =>
  /\.(db\.)?test\.tsx?$/.test(path) || path.startsWith('server/test/') || path.startsWith('web/test/')

/** One finding of a check. Warnings are printed and do not fail the build. */
export interface Finding {
  readonly path: string
  /** A sentence that says what is wrong and what to do. */
  readonly sentence: string
  readonly isWarning?: boolean
}

export type Check = (tree: Tree) => readonly Finding[]
