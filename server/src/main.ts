import { compose, type RunningServer } from './compose.ts'
import { ConfigFault, readConfig, type StartFlags } from './config/config.ts'
import { helpText, parseCommand } from './config/flags.ts'
import { AppError } from './kernel/errors.ts'
import { type DataFolderLock, lockDataFolder } from './platform/data-folder-lock.ts'
import { createLog, errorFields } from './platform/log.ts'

/** `lethe start`: reads the environment, starts everything, stops cleanly when told to. */
const start = async (flags: StartFlags): Promise<void> => {
  const config = readConfig(process.env, flags)
  const log = createLog({ level: config.logLevel })
  for (const warning of config.warnings) console.error(`lethe: ${warning}`)
  // A message can quote rows, and nothing is known about where this comes from: only its kind is said.
  process.on('uncaughtException', (error) => {
    log.error('stopping after an unexpected error', errorFields(error))
    process.exit(1)
  })

  const served = config.regions.filter(({ id }) => config.servedRegionIds.has(id))
  const ownsFolder = config.databaseUrl === null || served.some(({ clickhouseUrl }) => clickhouseUrl === null)
  const lock: DataFolderLock | null = ownsFolder ? lockDataFolder(config.dataDir) : null
  const starting = compose(config, log)
  stopOnSignal(starting, lock)
  const server = await starting
  console.log(server.url === null ? 'lethe ready (jobs only)' : `lethe ready on ${server.url}`)
  if (config.mail === null) console.log('no mail server (LETHE_SMTP_URL): links that would be mailed are printed here')
  if (server.setupLink !== null) {
    console.log(`nobody can log in yet; make the first owner, once, at ${server.setupLink}`)
  }
}

/** Also while it is still starting: then it stops as soon as it has started. */
const stopOnSignal = (starting: Promise<RunningServer>, lock: DataFolderLock | null): void => {
  let isStopping = false
  const stop = async (): Promise<void> => {
    // Asked twice: somebody does not want to wait. The engines end with this process.
    if (isStopping) process.exit(1)
    isStopping = true
    const server = await starting.catch(() => null)
    await server?.stop()
    lock?.release()
    process.exit(0)
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      stop().catch(fail)
    })
  }
}

const fail = (error: unknown): void => {
  console.error(`lethe: ${sentenceOf(error)}`)
  process.exit(1)
}

const sentenceOf = (error: unknown): string => {
  if (error instanceof ConfigFault) return error.message
  // What a driver said can hold values; what we say does not.
  if (error instanceof AppError) return error.expose ? error.message : `${error.code} while starting`
  const { code, message = String(error), syscall } = error as { code?: string; message?: string; syscall?: string }
  if (code === 'EADDRINUSE') return 'the address to listen on is in use by another program (LETHE_HOST, LETHE_PORT)'
  return syscall === undefined ? message : `${message} (${code})`
}

try {
  const command = parseCommand(process.argv.slice(2))
  if (command.kind === 'help') console.log(helpText)
  else await start(command.flags)
} catch (error) {
  fail(error)
}
