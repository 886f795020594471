import { randomUUID } from 'node:crypto'
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server'
import { AppError, InvalidRequest, NotFound, Unauthenticated } from '../../kernel/errors.ts'
import { equalSecret, hmacSha256Hex } from '../../kernel/hash.ts'
import { randomAlphanumeric } from '../../kernel/ids.ts'
import type { Clock } from '../../kernel/time.ts'
import { createAttemptLimit } from '../../platform/limits/attempt-limit.ts'
import type { ControlDb, ControlTx } from '../../platform/postgres/control-db.ts'
import type { OwnSession, Sessions } from '../access/index.ts'
import type { Notice } from './domain/mails.ts'
import type { RelyingParty } from './domain/web-origin.ts'
import type { Browser, Enter, Entered } from './enter.ts'
import type { RecoveryCodes } from './recovery-codes.ts'
import { lockAccount, setMustSetUpSecondFactor } from './store/postgres-account-store.ts'
import {
  deletePasskey,
  insertPasskey,
  listCredentials,
  listPasskeys,
  lockPasskey,
  noteUse,
  type Passkey,
  renamePasskey,
  type ShownPasskey,
} from './store/postgres-passkey-store.ts'
import { insertTicket, type TicketKind, takeTicket } from './store/postgres-ticket-store.ts'

/** Loaded when somebody uses a passkey: 25 MB of memory. */
const webAuthn = () => import('@simplewebauthn/server')

export interface PasskeysDeps {
  readonly control: ControlDb
  readonly clock: Clock
  readonly sessions: Sessions
  readonly enter: Enter
  readonly recoveryCodes: RecoveryCodes
  /** Keys the handles by which authenticators know people. */
  readonly key: Buffer
  readonly notify: (email: string, notice: Notice) => void
}

export interface Registered {
  readonly passkey: ShownPasskey
  /** Of the first factor; null: there are some that still work. */
  readonly recoveryCodes: readonly string[] | null
  /** Of this session from now on; all others end. */
  readonly token: string
}

/** How long somebody may take at their authenticator. */
const signingMs = 5 * 60_000
const passkeyCountMax = 20
const windowMs = 15 * 60_000
/** Failures, and questions, of one address. */
const attemptCountMax = 100

/**
 * AUTH-22: passkeys (WebAuthn), discoverable and with the person verified: they stand for password and second factor. Each
 * is for one host, and so for one region. Single sign-on where it is required is not bypassed.
 */
export const createPasskeys = (deps: PasskeysDeps) => {
  const { control, clock, sessions } = deps
  const attempts = createAttemptLimit({ clock, windowMs, attemptCountMax, keyCountMax: 50_000 })
  // Says nothing of a person, and is the same for all of their passkeys.
  const handleOf = (accountId: number): Buffer =>
    Buffer.from(hmacSha256Hex(deps.key, `passkey handle ${accountId}`), 'hex')

  const beginTicket = async (
    kind: TicketKind,
    accountId: number | null,
    challenge: string,
    regionId: string | null,
  ) => {
    const token = randomAlphanumeric(43)
    const ticket = { kind, token, accountId, regionId, detail: challenge, endsAtMs: clock.nowMs() + signingMs }
    await insertTicket(control, ticket, clock.nowMs())
    return token
  }

  /** Used up whatever comes of it: a challenge is signed once. */
  const takeChallenge = async (kind: TicketKind, token: string, accountId: number | null): Promise<string> => {
    const ticket = await takeTicket(control, kind, token, clock.nowMs())
    if (ticket === null || ticket.accountId !== accountId) {
      throw new InvalidRequest('this was finished or took too long; begin again')
    }
    return ticket.detail
  }

  const beginRegistration = async (own: OwnSession, party: RelyingParty, regionId: string | null) => {
    const excludeCredentials = [...(await listCredentials(control, own.userId, party.id))]
    const options = await (await webAuthn()).generateRegistrationOptions({
      rpName: 'Lethe',
      rpID: party.id,
      userID: Uint8Array.from(handleOf(own.userId)),
      userName: own.email,
      userDisplayName: own.email,
      attestationType: 'none',
      excludeCredentials,
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    })
    return { ticket: await beginTicket('passkey-registration', own.userId, options.challenge, regionId), options }
  }

  const register = async (
    own: OwnSession,
    party: RelyingParty,
    sent: { ticket: string; name: string; response: RegistrationResponseJSON },
    requestId: string,
  ): Promise<Registered> => {
    const expectedChallenge = await takeChallenge('passkey-registration', sent.ticket, own.userId)
    const { verified, registrationInfo } = await (await webAuthn())
      .verifyRegistrationResponse({
        response: sent.response,
        expectedChallenge,
        expectedOrigin: [...party.origins],
        expectedRPID: party.id,
        requireUserVerification: true,
      })
      .catch(unreadable)
    if (!verified || registrationInfo === undefined) throw new InvalidRequest(refusal)
    const { credential } = registrationInfo
    const passkey: Passkey = {
      id: randomUUID(),
      accountId: own.userId,
      credentialId: credential.id,
      rpId: party.id,
      name: sent.name,
      publicKey: Buffer.from(credential.publicKey),
      signCount: credential.counter,
      transports: (sent.response.response.transports ?? []).slice(0, 10),
    }
    const made = await control.tx(async (tx) => {
      await lockAccount(tx, own.userId)
      if ((await listPasskeys(tx, own.userId)).length >= passkeyCountMax) {
        throw new InvalidRequest(`at most ${passkeyCountMax} passkeys; remove one first`)
      }
      if (!(await insertPasskey(tx, passkey, clock.nowMs()))) throw new PasskeyExists()
      await setMustSetUpSecondFactor(tx, own.userId, false)
      await audit(tx, 'created', own, passkey, requestId)
      const recoveryCodes = await deps.recoveryCodes.putFirst(tx, { id: own.userId, email: own.email }, requestId)
      // The authenticator has just verified who holds it.
      return { recoveryCodes, token: await sessions.renew(tx, own, true) }
    })
    deps.notify(own.email, 'passkey.created')
    const created = new Date(clock.nowMs())
    return { ...made, passkey: { id: passkey.id, name: passkey.name, host: party.id, created, last_used: null } }
  }

  const audit = (
    tx: ControlTx,
    event: 'created' | 'renamed' | 'deleted',
    { userId, email }: OwnSession,
    { id, name }: Pick<Passkey, 'id' | 'name'>,
    requestId: string,
  ) =>
    sessions.auditPersonal(tx, `passkey.${event}`, { id: userId, email }, requestId, {
      target: { type: 'passkey', id, name },
    })

  const rename = (own: OwnSession, id: string, name: string, requestId: string): Promise<void> =>
    control.tx(async (tx) => {
      const before = isId(id) ? await renamePasskey(tx, own.userId, id, name) : null
      if (before === null) throw new NotFound('no such passkey')
      await audit(tx, 'renamed', own, { id, name }, requestId)
    })

  const remove = async (own: OwnSession, id: string, requestId: string): Promise<void> => {
    await control.tx(async (tx) => {
      const name = isId(id) ? await deletePasskey(tx, own.userId, id) : null
      if (name === null) throw new NotFound('no such passkey')
      await deps.recoveryCodes.endWithoutFactor(tx, own.userId)
      await audit(tx, 'deleted', own, { id, name }, requestId)
    })
    deps.notify(own.email, 'passkey.deleted')
  }

  /** The browser shows which passkeys there are; we name none, and so tell nobody who has one. */
  const beginSignIn = async (party: RelyingParty, clientIp: string, regionId: string | null) => {
    attempts.begin(clientIp)
    const options = await (await webAuthn()).generateAuthenticationOptions({
      rpID: party.id,
      userVerification: 'required',
    })
    return { ticket: await beginTicket('passkey-sign-in', null, options.challenge, regionId), options }
  }

  const signIn = async (
    party: RelyingParty,
    sent: { ticket: string; response: AuthenticationResponseJSON },
    clientIp: string,
    browser: Browser,
  ): Promise<Entered> => {
    attempts.begin(clientIp)
    const expectedChallenge = await takeChallenge('passkey-sign-in', sent.ticket, null)
    const entered = await control.tx(async (tx) => {
      const passkey = await lockPasskey(tx, sent.response.id, party.id)
      if (passkey === null) throw new PasskeyRefused()
      const isOwners = equalSecret(
        sent.response.response.userHandle ?? '',
        handleOf(passkey.accountId).toString('base64url'),
      )
      const { verified, authenticationInfo } = await (await webAuthn())
        .verifyAuthenticationResponse({
          response: sent.response,
          expectedChallenge,
          expectedOrigin: [...party.origins],
          expectedRPID: party.id,
          requireUserVerification: true,
          credential: {
            id: passkey.credentialId,
            publicKey: Uint8Array.from(passkey.publicKey),
            counter: passkey.signCount,
          },
        })
        .catch(refused)
      const account = await lockAccount(tx, passkey.accountId)
      if (!verified || !isOwners || account === null) throw new PasskeyRefused()
      await noteUse(tx, passkey.id, authenticationInfo.newCounter, clock.nowMs())
      return deps.enter.enter(tx, account, 'passkey', true, browser)
    })
    attempts.takeBack(clientIp)
    return entered
  }

  return {
    list: (userId: number) => listPasskeys(control, userId),
    beginRegistration,
    register,
    rename,
    remove,
    beginSignIn,
    signIn,
  }
}

export type Passkeys = ReturnType<typeof createPasskeys>

const isId = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)

const refusal = 'the passkey could not be verified'
// What the library says quotes what was sent.
const unreadable = (): never => {
  throw new InvalidRequest(refusal)
}
const refused = (): never => {
  throw new PasskeyRefused()
}

/** The same for an unknown one and a wrong signature. */
class PasskeyRefused extends Unauthenticated {
  constructor() {
    super(refusal)
  }
}

class PasskeyExists extends AppError {
  constructor() {
    super('CONFLICT', 'this passkey is known already', { status: 409 })
  }
}
