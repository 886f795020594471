import type { ControlDb, ControlTx } from '../../platform/postgres/control-db.ts'
import type { RecoveryCodes } from './recovery-codes.ts'
import { findAccount } from './store/postgres-account-store.ts'
import { listPasskeys } from './store/postgres-passkey-store.ts'
import { mustHaveSecondFactor } from './store/postgres-requirement-store.ts'
import { isSecondFactorOn } from './store/postgres-second-factor-store.ts'

export interface SecurityDeps {
  readonly control: ControlDb
  readonly recoveryCodes: RecoveryCodes
  readonly requiredSignInOf: (tx: ControlTx, accountId: number) => Promise<number | null>
}

/** How an account signs in, as its owner sees it. */
export const createSecurity =
  ({ control, recoveryCodes, requiredSignInOf }: SecurityDeps) =>
  async (userId: number) => {
    const account = await findAccount(control, userId)
    const isRequired = await mustHaveSecondFactor(control, userId)
    return {
      has_password: account?.passwordHash != null,
      second_factor: await isSecondFactorOn(control, userId),
      recovery_codes_left: await recoveryCodes.leftOf(userId),
      passkeys: await listPasskeys(control, userId),
      second_factor_required: isRequired,
      must_set_up: account?.mustSetUpSecondFactor === true,
      /** The organization whose identity provider is the only way in; null: none. */
      single_sign_on_required_by: await requiredSignInOf(control, userId),
    }
  }

export type Security = ReturnType<typeof createSecurity>
