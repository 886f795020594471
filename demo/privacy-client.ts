import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, call } from './call.ts'
import { StepFailed } from './hold.ts'

export type RequestKind = 'data-retrievals' | 'data-deletions'

export interface SeenState {
  readonly state: string
  /** Since the request was made. */
  readonly afterMs: number
}

export interface Followed {
  readonly seen: readonly SeenState[]
  /** `results` of the last status. */
  readonly last: Readonly<Record<string, unknown>>
}

/** GDPR API v3 of one project, as its privacy officer calls it. */
export interface PrivacyClient {
  create(kind: RequestKind, body: object): Promise<Answer>
  /** Polls until the request has ended, and notes each state when it is first seen. */
  follow(kind: RequestKind, trackingId: string): Promise<Followed>
  cancel(trackingId: string): Promise<Answer>
  status(kind: RequestKind, trackingId: string): Promise<Answer>
  evidence(trackingId: string): Promise<Answer>
}

const ended = new Set(['SUCCESS', 'FAILURE', 'REVOKED', 'NOT_FOUND'])
const pollIntervalMs = 15
const followTimeoutMs = 60_000

export const privacyClient = (host: string, projectToken: string, gdprToken: string): PrivacyClient => {
  const send = (method: string, path: string, body?: object): Promise<Answer> =>
    call(method, `${host}/api/app/${path}?token=${projectToken}`, {
      headers: { Authorization: `Bearer ${gdprToken}` },
      ...(body === undefined ? {} : { body }),
    })
  const status = (kind: RequestKind, trackingId: string) => send('GET', `${kind}/v3.0/${trackingId}`)
  return {
    create: (kind, body) => send('POST', `${kind}/v3.0`, body),
    cancel: (trackingId) => send('DELETE', `data-deletions/v3.0/${trackingId}`),
    status,
    evidence: (trackingId) => send('GET', `data-deletions/v3.0/${trackingId}/evidence`),
    follow: async (kind, trackingId) => {
      const startedAtMs = performance.now()
      const seen: SeenState[] = []
      while (performance.now() - startedAtMs < followTimeoutMs) {
        const answer = await status(kind, trackingId)
        const { results } = answer.json<{ results: Readonly<Record<string, unknown>> }>()
        const state = String(results['status'])
        if (seen.at(-1)?.state !== state) seen.push({ state, afterMs: performance.now() - startedAtMs })
        if (ended.has(state)) return { seen, last: results }
        await sleep(pollIntervalMs)
      }
      throw new StepFailed(`the end of ${kind} ${trackingId}`, 'within a minute', JSON.stringify(seen))
    },
  }
}

/** `tracking_id` of a create answer of the shape `list`. Throws unless it is 201. */
export const trackingIdOf = (created: Answer): string => {
  if (created.status !== 201) throw new StepFailed('the request is taken', '201', `${created.status} ${created.text}`)
  const { results } = created.json<{ results: readonly { readonly tracking_id: string }[] }>()
  return results[0]?.tracking_id ?? ''
}
