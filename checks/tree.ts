import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** The project's own files, as every check sees them. Paths are relative to the top folder, with `/`. */
export interface Tree {
  readonly paths: readonly string[]
  /** Empty when there is no such file: what is missing is then found by what should have been in it. */
  text(path: string): string
  sizeBytes(path: string): number
  has(path: string): boolean
}

/** What git tracks, and what it would track: a new file is checked before it is added. */
export const treeOfGit = (top: string): Tree => {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: top })
  const paths = [...new Set(listed.toString('utf8').split('\0'))]
    .filter((path) => path !== '' && existsSync(join(top, path)))
    .sort()
  return {
    paths,
    text: (path) => (existsSync(join(top, path)) ? readFileSync(join(top, path), 'utf8') : ''),
    sizeBytes: (path) => statSync(join(top, path)).size,
    has: (path) => existsSync(join(top, path)),
  }
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
