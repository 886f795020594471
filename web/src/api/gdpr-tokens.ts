import { queryOptions } from '@tanstack/react-query'
import { get, post, sendJson } from './request.ts'

export interface GdprToken {
  readonly id: string
  /** Its first characters. */
  readonly hint: string
  readonly created: string
  readonly expires: string
  readonly last_used: string | null
  readonly revoked: string | null
}

/** `token` is shown this once. */
export interface IssuedGdprToken {
  readonly id: string
  readonly token: string
  readonly created: string
  readonly expires: string
}

const path = '/api/app/me/gdpr-tokens'

export const gdprTokensQuery = queryOptions({
  queryKey: ['me', 'gdpr-tokens'],
  queryFn: ({ signal }) => get<readonly GdprToken[]>(path, { signal }),
})

/** The one that opens something now; null: there is none. */
export const liveToken = (tokens: readonly GdprToken[], nowMs: number): GdprToken | null =>
  tokens.find(({ revoked, expires }) => revoked === null && Date.parse(expires) > nowMs) ?? null

/** Ends the one before. */
export const issueGdprToken = (): Promise<IssuedGdprToken> => post(path, undefined)

export const revokeGdprToken = (id: string): Promise<unknown> => sendJson('DELETE', `${path}/${id}`)
