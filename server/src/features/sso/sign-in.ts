import { randomBytes } from 'node:crypto'
import { SAML } from '@node-saml/node-saml'
import type { AuditEntry } from '../../kernel/audit.ts'
import { Forbidden, NotFound } from '../../kernel/errors.ts'
import { type SealKey, unseal } from '../../kernel/seal.ts'
import type { Clock } from '../../kernel/time.ts'
import { createAttemptLimit } from '../../platform/limits/attempt-limit.ts'
import type { ControlDb, ControlTx } from '../../platform/postgres/control-db.ts'
import type { Addresses, CameIn } from './domain/addresses.ts'
import { type AssertedPerson, domainOf } from './domain/assertion.ts'
import { SamlRefused } from './domain/refused.ts'
import { decodeResponse, readResponseHead, refuseUnsafeText } from './domain/response-text.ts'
import { ownerOfDomain } from './store/postgres-domain-store.ts'
import { findLink, isPutAside, settingsOwnerOf } from './store/postgres-link-store.ts'
import { admitMember, type SignedInMember } from './store/postgres-member-store.ts'
import {
  findConfiguration,
  findConfigurationByIssuer,
  insertRequest,
  type SsoConfiguration,
  takeRequest,
  useAssertion,
} from './store/postgres-sso-store.ts'
import { verifyResponse } from './verify-response.ts'

export interface SignInDeps {
  readonly control: ControlDb
  readonly clock: Clock
  readonly addresses: Addresses
  readonly sealKey: SealKey
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
  /** Opens a session in the same transaction; answers its token. */
  readonly openSession: (
    tx: ControlTx,
    account: { readonly id: number; readonly email: string },
    browser: { readonly requestId: string; readonly userAgent: string | undefined },
  ) => Promise<string>
}

export interface PostedResponse {
  readonly cameIn: CameIn
  /** Null: the URL names no organization; the issuer tells. */
  readonly organizationId: number | null
  readonly samlResponse: string
  readonly clientIp: string
  readonly requestId: string
  readonly userAgent?: string | undefined
}

/** How long somebody may take at the identity provider. */
const requestLifeMs = 3_600_000
const windowMs = 15 * 60_000
// Failures of one address: enough for whoever sets things up, too few for whoever tries.
const attemptCountMax = 100

/** AUTH-23…25: begins sign-ins at the identity provider and takes its answers, also those that nobody asked for. */
export const createSignIn = (deps: SignInDeps) => {
  const { control, clock, addresses } = deps
  const attempts = createAttemptLimit({ clock, windowMs, attemptCountMax, keyCountMax: 50_000 })

  /** URL of the provider to go to. Throws NotFound when the organization has no single sign-on. */
  const begin = async (organizationId: number, cameIn: CameIn, relayState: string): Promise<string> => {
    const configuration = await findConfiguration(control, await settingsOwnerOf(control, organizationId))
    if (configuration?.isEnabled !== true) throw new NotFound('this organization has no single sign-on')
    const id = `_${randomBytes(20).toString('hex')}`
    const origin = addresses.originOf(cameIn)
    const saml = new SAML({
      idpCert: [...configuration.certificates],
      issuer: addresses.entityIdAt(origin),
      callbackUrl: `${origin}${cameIn.url}`,
      entryPoint: configuration.signInUrl,
      identifierFormat: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
      disableRequestedAuthnContext: true,
      generateUniqueId: () => id,
    })
    const nowMs = clock.nowMs()
    await control.tx((tx) => insertRequest(tx, { id, organizationId, nowMs, endsAtMs: nowMs + requestLifeMs }))
    return saml.getAuthorizeUrlAsync(relayState, undefined, {})
  }

  /** Token of a new session. Throws SamlRefused, or Forbidden for somebody who is known but may not enter. */
  const finish = async (posted: PostedResponse): Promise<string> => {
    attempts.begin(posted.clientIp)
    const { configuration, person } = await check(posted)
    const outcome = await control.tx((tx) => enter(tx, configuration, person, posted))
    if ('refusal' in outcome) throw new Forbidden(outcome.refusal)
    attempts.takeBack(posted.clientIp)
    return outcome.token
  }

  const check = async ({ samlResponse, organizationId, cameIn }: PostedResponse) => {
    const xml = decodeResponse(samlResponse)
    refuseUnsafeText(xml)
    const head = readResponseHead(xml)
    const configuration =
      organizationId === null
        ? await findConfigurationByIssuer(control, head.issuer)
        : await findConfiguration(control, await settingsOwnerOf(control, organizationId))
    const isOwn = configuration !== null && (await findLink(control, configuration.organizationId)) === null
    if (configuration?.isEnabled !== true || !isOwn) throw new SamlRefused('no single sign-on is set up for it')
    const person = await verifyResponse({
      xml,
      head,
      certificates: configuration.certificates,
      privateKey: () => unseal(deps.sealKey, sealContext(configuration.organizationId), configuration.sealedKey),
      expected: {
        issuer: configuration.issuer,
        isOwnAddress: (url) => addresses.isAddressOf(cameIn, url),
        isOwnEntityId: addresses.isEntityId,
        nowMs: clock.nowMs(),
      },
    })
    return { configuration, person }
  }

  // Settings, domains and replays are of the organization with the provider; people enter the one that was asked for.
  // What an assertion did is written down whatever the outcome: a refused one must not be shown again either.
  const enter = async (
    tx: ControlTx,
    { organizationId }: SsoConfiguration,
    person: AssertedPerson,
    { organizationId: askedId, requestId, userAgent }: PostedResponse,
  ): Promise<{ readonly token: string } | { readonly refusal: string }> => {
    const nowMs = clock.nowMs()
    const targetId = askedId ?? organizationId
    const { assertionId: id, endsAtMs, inResponseTo } = person
    if (!(await useAssertion(tx, { organizationId, id, endsAtMs, nowMs }))) {
      throw new SamlRefused('it was used before')
    }
    if (inResponseTo !== null && !(await takeRequest(tx, inResponseTo, targetId, nowMs))) {
      throw new SamlRefused('it answers a request that nobody waits for')
    }
    if ((await ownerOfDomain(tx, domainOf(person.email))) !== organizationId) {
      return refuse(tx, organizationId, requestId, "the domain of this address is not one of the organization's")
    }
    const isOut = targetId !== organizationId && (await isPutAside(tx, organizationId, person.email))
    if (isOut) return refuse(tx, organizationId, requestId, deactivated)
    const member = await admitMember(tx, targetId, person, nowMs)
    if (!member.isActive) return refuse(tx, targetId, requestId, deactivated)
    if (member.isNew) await auditNew(tx, targetId, member, requestId)
    return { token: await deps.openSession(tx, member, { requestId, userAgent }) }
  }

  const refuse = async (tx: ControlTx, organizationId: number, requestId: string, refusal: string) => {
    const actor = { type: 'system', id: null, name: 'single sign-on' } as const
    const target = { type: 'refusal', id: 'saml', name: refusal }
    await deps.appendAudit(tx, {
      type: 'session.login_failed',
      actor,
      organizationId,
      projectId: null,
      target,
      requestId,
    })
    return { refusal }
  }

  const auditNew = (tx: ControlTx, organizationId: number, member: SignedInMember, requestId: string) =>
    deps.appendAudit(tx, {
      type: 'organization.user_added',
      actor: { type: 'system', id: null, name: 'single sign-on' },
      organizationId,
      projectId: null,
      target: { type: 'user', id: String(member.id), name: member.email },
      requestId,
    })

  return { begin, finish }
}

export type SignIn = ReturnType<typeof createSignIn>

const deactivated = 'this account is deactivated'

export const sealContext = (organizationId: number): string => `sso key of ${organizationId}`
