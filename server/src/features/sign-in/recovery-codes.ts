import { NotFound } from '../../kernel/errors.ts'
import { equalSecret } from '../../kernel/hash.ts'
import type { Clock } from '../../kernel/time.ts'
import type { ControlDb, ControlTx } from '../../platform/postgres/control-db.ts'
import type { KnownAccount, OwnSession, Sessions } from '../access/index.ts'
import type { Notice } from './domain/mails.ts'
import { newRecoveryCode, readRecoveryCode, recoveryCodeCount, recoveryCodeHash } from './domain/recovery-code.ts'
import { lockAccount } from './store/postgres-account-store.ts'
import { listPasskeys } from './store/postgres-passkey-store.ts'
import {
  isSecondFactorOn,
  listRecoveryHashes,
  replaceRecoveryHashes,
  spendRecoveryHash,
} from './store/postgres-second-factor-store.ts'

export interface RecoveryCodesDeps {
  readonly control: ControlDb
  readonly clock: Clock
  readonly sessions: Sessions
  /** Keys the hashes. */
  readonly key: Buffer
  readonly notify: (email: string, notice: Notice) => void
}

/** Codes that stand in for a lost telephone or passkey, each once (auth §7). One set for each person. */
export const createRecoveryCodes = ({ control, clock, sessions, key, notify }: RecoveryCodesDeps) => {
  const put = async (tx: ControlTx, account: KnownAccount, requestId: string): Promise<readonly string[]> => {
    const codes = Array.from({ length: recoveryCodeCount }, newRecoveryCode)
    const hashes = codes.map((code) => recoveryCodeHash(key, account.id, code))
    await replaceRecoveryHashes(tx, account.id, hashes)
    await sessions.auditPersonal(tx, 'recovery_codes.created', account, requestId)
    return codes
  }

  /** With the first factor; null: there are some that still work. */
  const putFirst = async (
    tx: ControlTx,
    account: KnownAccount,
    requestId: string,
  ): Promise<readonly string[] | null> =>
    (await listRecoveryHashes(tx, account.id)).length > 0 ? null : put(tx, account, requestId)

  /** With the last factor. */
  const endWithoutFactor = async (tx: ControlTx, accountId: number): Promise<void> => {
    if (await hasFactor(tx, accountId)) return
    await replaceRecoveryHashes(tx, accountId, [])
  }

  /** New ones, shown this once; the old ones end. Throws NotFound for somebody who has no factor to stand in for. */
  const renew = async (own: OwnSession, requestId: string): Promise<readonly string[]> => {
    const codes = await control.tx(async (tx) => {
      await lockAccount(tx, own.userId)
      if (!(await hasFactor(tx, own.userId))) throw new NotFound('no second factor and no passkey is set up')
      return put(tx, { id: own.userId, email: own.email }, requestId)
    })
    notify(own.email, 'recovery_codes.created')
    return codes
  }

  /** Takes the code, once. Answers how many are left; null: it is none. */
  const use = async (tx: ControlTx, account: KnownAccount, text: string, requestId: string): Promise<number | null> => {
    const code = readRecoveryCode(text)
    if (code === null) return null
    const typed = recoveryCodeHash(key, account.id, code)
    const known = await listRecoveryHashes(tx, account.id)
    const found = known.find((hash) => equalSecret(hash, typed))
    if (found === undefined || !(await spendRecoveryHash(tx, account.id, found, clock.nowMs()))) return null
    await sessions.auditPersonal(tx, 'recovery_codes.used', account, requestId)
    return known.length - 1
  }

  return {
    put,
    putFirst,
    endWithoutFactor,
    renew,
    use,
    leftOf: async (accountId: number) => (await listRecoveryHashes(control, accountId)).length,
  }
}

export type RecoveryCodes = ReturnType<typeof createRecoveryCodes>

const hasFactor = async (tx: ControlTx, accountId: number): Promise<boolean> =>
  (await isSecondFactorOn(tx, accountId)) || (await listPasskeys(tx, accountId)).length > 0
