import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ConfigFault } from './config.ts'

/**
 * The installation's key: from the configuration, else made once and kept in `<data>/secret.key` (mode 0600).
 * Losing it makes hashes of ids in the control store useless: suppression lists no longer match.
 */
export const secretKeyOf = (secretKeyHex: string | null, dataDir: string): Buffer => {
  if (secretKeyHex !== null) return Buffer.from(secretKeyHex, 'hex')
  const file = join(dataDir, 'secret.key')
  if (!existsSync(file)) writeOnce(file, randomBytes(32).toString('hex'))
  const kept = readFileSync(file, 'utf8').trim()
  if (!/^[0-9a-f]{64}$/.test(kept)) {
    throw new ConfigFault([`${file}: expected 64 hex characters; restore the file from a backup`])
  }
  return Buffer.from(kept, 'hex')
}

// Whole or not there at all: a half-written key after a crash must not pass for the key.
const writeOnce = (file: string, content: string): void => {
  mkdirSync(dirname(file), { recursive: true })
  const draft = `${file}.${process.pid}`
  const fd = openSync(draft, 'w', 0o600)
  writeSync(fd, `${content}\n`)
  fsyncSync(fd)
  closeSync(fd)
  renameSync(draft, file)
}
