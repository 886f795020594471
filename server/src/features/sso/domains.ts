import type { AuditActor, AuditEntry } from '../../kernel/audit.ts'
import { AppError, InvalidRequest, NotFound } from '../../kernel/errors.ts'
import { randomAlphanumeric } from '../../kernel/ids.ts'
import { type Clock, dayMs } from '../../kernel/time.ts'
import type { ControlDb, ControlTx } from '../../platform/postgres/control-db.ts'
import { startWorker } from '../../platform/postgres/leased-worker.ts'
import { type FindTxtRecords, isProved, readDomain, recordOf } from './domain/domain-claim.ts'
import {
  type ClaimedDomain,
  deleteDomain,
  domainsToCheck,
  findDomain,
  insertDomain,
  listDomains,
  noteCheck,
} from './store/postgres-domain-store.ts'

export interface DomainsDeps {
  readonly control: ControlDb
  readonly clock: Clock
  readonly findTxtRecords: FindTxtRecords
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
  readonly onProblem: (error: unknown) => void
}

export interface Who {
  readonly actor: AuditActor
  readonly requestId: string
}

/** A claim as it is shown. */
export interface ShownDomain {
  readonly domain: string
  readonly txt_record: string
  readonly verified: boolean
  /** ISO, UTC. */
  readonly last_checked: string | null
}

const system: Who = { actor: { type: 'system', id: null, name: null }, requestId: '' }
const domainCountMax = 100
// auth §8: seen within a day. Asked again each hour costs the name servers nothing.
const checkIntervalMs = dayMs / 24
const checkCountMax = 50

/** AUTH-26: domains are claimed here and proved by a TXT record, which has to stay. */
export const createDomains = (deps: DomainsDeps) => {
  const { control, clock, appendAudit } = deps

  const audit = (tx: ControlTx, event: 'claimed' | 'verified' | 'lost' | 'removed', claim: Claim, who: Who) =>
    appendAudit(tx, {
      type: `sso_domain.${event}`,
      actor: who.actor,
      organizationId: claim.organizationId,
      projectId: null,
      target: { type: 'domain', id: claim.domain },
      ...(who.requestId === '' ? {} : { requestId: who.requestId }),
    })

  const claim = async (organizationId: number, text: string, who: Who): Promise<ShownDomain> => {
    const domain = readDomain(text)
    await control.tx(async (tx) => {
      if ((await listDomains(tx, organizationId)).length >= domainCountMax) {
        throw new InvalidRequest(`an organization may claim at most ${domainCountMax} domains`)
      }
      const claimed = { organizationId, domain, token: randomAlphanumeric(32), nowMs: clock.nowMs() }
      if (await insertDomain(tx, claimed)) await audit(tx, 'claimed', claimed, who)
    })
    return shown(await existing(organizationId, domain))
  }

  const existing = async (organizationId: number, domain: string): Promise<ClaimedDomain> => {
    const found = await findDomain(control, organizationId, domain)
    if (found === null) throw new NotFound('the organization has not claimed this domain')
    return found
  }

  /** Looks at the record now. Throws EngineUnavailable when the name servers say nothing. */
  const check = async (found: ClaimedDomain, who: Who): Promise<void> => {
    const isSeen = (await deps.findTxtRecords(found.domain)).some((text) => text.trim() === recordOf(found.token))
    const nowMs = clock.nowMs()
    const isVerified = isProved(found, isSeen, nowMs)
    const isOurs = await control.tx(async (tx) => {
      const noted = await noteCheck(tx, { claim: found, isSeen, isVerified, nowMs })
      if (noted && isVerified && !found.isVerified) await audit(tx, 'verified', found, who)
      if (!isVerified && found.isVerified) await audit(tx, 'lost', found, who)
      return noted
    })
    if (!isOurs && isSeen) throw new DomainTaken()
  }

  const verify = async (organizationId: number, text: string, who: Who): Promise<ShownDomain> => {
    const domain = readDomain(text)
    await check(await existing(organizationId, domain), who)
    return shown(await existing(organizationId, domain))
  }

  const remove = (organizationId: number, text: string, who: Who): Promise<void> =>
    control.tx(async (tx) => {
      const domain = readDomain(text)
      if (!(await deleteDomain(tx, organizationId, domain))) {
        throw new NotFound('the organization has not claimed this domain')
      }
      await audit(tx, 'removed', { organizationId, domain }, who)
    })

  const checkDue = async (signal: AbortSignal): Promise<boolean> => {
    const due = await domainsToCheck(control, clock.nowMs() - checkIntervalMs, checkCountMax)
    for (const found of due) {
      if (signal.aborted) return false
      await check(found, system).catch(async (error: unknown) => {
        if (error instanceof DomainTaken) return
        // No answer: what was known stays, and the next look is an hour away.
        await control.tx((tx) =>
          noteCheck(tx, { claim: found, isSeen: false, isVerified: found.isVerified, nowMs: clock.nowMs() }),
        )
        deps.onProblem(error)
      })
    }
    return due.length === checkCountMax
  }

  return {
    claim,
    verify,
    remove,
    list: async (organizationId: number) => (await listDomains(control, organizationId)).map(shown),
    checkDue,
    startWorker: () =>
      startWorker({ leaseName: 'sso domains', control, rounds: [checkDue], onProblem: deps.onProblem }),
  }
}

export type Domains = ReturnType<typeof createDomains>

type Claim = Pick<ClaimedDomain, 'organizationId' | 'domain'>

const shown = (claim: ClaimedDomain): ShownDomain => ({
  domain: claim.domain,
  txt_record: recordOf(claim.token),
  verified: claim.isVerified,
  last_checked: claim.checkedAtMs === null ? null : new Date(claim.checkedAtMs).toISOString(),
})

/** A domain belongs to one organization (auth §8). */
class DomainTaken extends AppError {
  constructor() {
    super('CONFLICT', 'this domain belongs to another organization', { status: 409 })
  }
}
