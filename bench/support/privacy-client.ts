import { setTimeout as sleep } from 'node:timers/promises'
import type { Lethe } from '../../server/test/support/lethe.ts'
import { asOfficer, project } from './bench-server.ts'

export type RequestKind = 'data-deletions' | 'data-retrievals'

export interface Asked {
  readonly trackingId: string
  readonly kind: RequestKind
}

const pollIntervalMs = 5

/** Asks for people to be erased or retrieved, as a privacy officer's script does. */
export const askFor = async (lethe: Lethe, kind: RequestKind, distinctIds: readonly string[]): Promise<Asked> => {
  const body = { distinct_ids: distinctIds, compliance_type: 'GDPR' }
  const answer = await lethe.post(`/api/app/${kind}/v3.0?token=${project.token}`, { headers: asOfficer, body })
  if (answer.status !== 201) throw new Error(`${kind} answered ${answer.status}: ${answer.text}`)
  return { trackingId: answer.json().results[0].tracking_id, kind }
}

/** State of the request now. Throws when it failed. */
export const stateOf = async (lethe: Lethe, { kind, trackingId }: Asked): Promise<string> => {
  const path = `/api/app/${kind}/v3.0/${trackingId}?token=${project.token}`
  const answer = await lethe.get(path, { headers: asOfficer })
  const state = answer.json().results?.status
  if (typeof state !== 'string' || state === 'FAILURE') throw new Error(`${kind}: ${answer.text}\n${lethe.logs()}`)
  return state
}

/** Asks for the state until it is one of `states`; resolves with when the last other answer was asked for. */
export const waitFor = async (lethe: Lethe, asked: Asked, states: readonly string[]): Promise<number> => {
  let notYetAtMs = performance.now()
  for (;;) {
    const askedAtMs = performance.now()
    if (states.includes(await stateOf(lethe, asked))) return notYetAtMs
    notYetAtMs = askedAtMs
    await sleep(pollIntervalMs)
  }
}

/** How long each step of an erasure took, as its evidence tells. */
export const durationsOf = async (lethe: Lethe, trackingId: string): Promise<string> => {
  const path = `/api/app/data-deletions/v3.0/${trackingId}/evidence?token=${project.token}`
  const { results } = (await lethe.get(path, { headers: asOfficer })).json()
  return JSON.stringify(results.evidence.durations_ms)
}
