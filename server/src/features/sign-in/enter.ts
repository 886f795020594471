import { Forbidden } from '../../kernel/errors.ts'
import { randomAlphanumeric } from '../../kernel/ids.ts'
import type { Clock } from '../../kernel/time.ts'
import type { ControlTx } from '../../platform/postgres/control-db.ts'
import type { KnownAccount, Sessions, SignedIn } from '../access/index.ts'
import { needsSecondStep } from './store/postgres-requirement-store.ts'
import { insertTicket } from './store/postgres-ticket-store.ts'

export interface EnterDeps {
  readonly clock: Clock
  readonly sessions: Sessions
  /** AUTH-27: the organization whose single sign-on this person has to use; null: another way will do. */
  readonly requiredSignInOf: (tx: ControlTx, accountId: number) => Promise<number | null>
}

/** What every way in brings from its request. */
export interface Browser {
  readonly agent: string
  readonly replaces: string | null
  readonly requestId: string
  readonly regionId: string | null
}

export type Entered =
  | { readonly kind: 'session'; readonly token: string }
  /** The first step was right; a second factor is asked for. */
  | { readonly kind: 'second-factor'; readonly ticket: string }

/** How long somebody may look for their telephone. */
const secondFactorMs = 10 * 60_000

/** The last step of every way in but single sign-on: who has proved who they are gets a session, or the next question. */
export const createEnter = ({ clock, sessions, requiredSignInOf }: EnterDeps) => {
  /** Told to whoever has proved who they are only. Throws Forbidden. */
  const refuseWhereSsoIsRequired = async (tx: ControlTx, accountId: number): Promise<void> => {
    const organizationId = await requiredSignInOf(tx, accountId)
    if (organizationId === null) return
    throw new Forbidden(`your organization requires single sign-on; begin at /security/login/${organizationId}`)
  }

  const enter = async (
    tx: ControlTx,
    account: KnownAccount,
    method: SignedIn['method'],
    hasSecondFactor: boolean,
    browser: Browser,
  ): Promise<Entered> => {
    await refuseWhereSsoIsRequired(tx, account.id)
    if (!hasSecondFactor && (await needsSecondStep(tx, account.id))) {
      const token = randomAlphanumeric(43)
      const { regionId } = browser
      const ticket = { kind: 'second-factor', token, accountId: account.id, regionId, detail: method } as const
      await insertTicket(tx, { ...ticket, endsAtMs: clock.nowMs() + secondFactorMs }, clock.nowMs())
      return { kind: 'second-factor', ticket: token }
    }
    const { agent, replaces, requestId } = browser
    const token = await sessions.open(tx, account, { method, hasSecondFactor, agent, replaces, requestId })
    return { kind: 'session', token }
  }

  return { enter, refuseWhereSsoIsRequired }
}

export type Enter = ReturnType<typeof createEnter>
