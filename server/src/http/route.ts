import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import type { CredentialKind, Permission, Principal } from '../kernel/principal.ts'
import type { Project } from '../kernel/project.ts'
import type { HostFamily, Region } from '../kernel/region.ts'
import type { ProjectScope } from '../kernel/scope.ts'

/** Family of wire shapes: how errors look, whether browsers of other origins may call. */
export type SurfaceName = 'ingest' | 'import' | 'query' | 'app' | 'scim' | 'system'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** A request after `receive` and `place`: bounded, inflated, in a region; nothing of its body is trusted yet. */
export interface Received {
  readonly requestId: string
  readonly method: string
  readonly path: string
  /** Path and query as sent; for error bodies of the query surface. Never logged. */
  readonly url: string
  /** Lower case, without port. */
  readonly host: string
  /** Null: the host is in no list (single-host mode, RES-17); every project that is served here is reachable. */
  readonly region: Region | null
  readonly query: Readonly<Record<string, string>>
  readonly params: Readonly<Record<string, string>>
  readonly headers: IncomingHttpHeaders
  /** Already gunzipped; empty when there is none. */
  readonly body: Buffer
  /** For rate limits, hashing and the place only: never stored, never logged. */
  readonly clientIp: string
  readonly receivedAtMs: number
  /** Fires when the client goes away. */
  readonly signal: AbortSignal
}

export interface Authenticated extends Received {
  readonly principal: Principal
}

export interface Scoped extends Authenticated {
  readonly scope: ProjectScope
  readonly project: Project
}

export interface ScopedStream extends Scoped {
  /** Read at most once; throws BodyTooLarge beyond `bodyBytesMax`, InvalidRequest for what cannot be read or inflated. */
  readonly chunks: AsyncIterable<Buffer>
}

export interface Reply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** A string or bytes as they are; an object as JSON; a stream piped; null for none. */
  readonly body: string | Buffer | Readable | object | null
}

/** Where the project of a request is named. `…-or-…`: some clients put it into the body. */
export type ProjectSelector =
  | 'project_id-query'
  | 'project_id-query-or-form'
  | 'project_id-query-or-body'
  | 'token-query'
  | 'token-query-or-body'
  | 'path'

interface RouteBase {
  readonly surface: SurfaceName
  readonly method: Method
  /** Fastify pattern, without trailing slash; both forms are served. */
  readonly path: string
  /** Which host of the right region to name when the project lives elsewhere. */
  readonly hostFamily: HostFamily
  /** Largest body after gunzip; 413 beyond. */
  readonly bodyBytesMax: number
}

/** No credential in the header: the token is in the records, the link is signed, or there is nothing to protect. */
export interface OpenRoute extends RouteBase {
  readonly access: { readonly accepts: 'none' }
  handle(request: Received): Promise<Reply>
}

/** Somebody known, but no project: personal and organization pages. */
export interface PrincipalRoute extends RouteBase {
  readonly access: { readonly accepts: readonly CredentialKind[] }
  handle(request: Authenticated): Promise<Reply>
}

interface ScopedAccess {
  readonly accepts: readonly CredentialKind[]
  readonly project: ProjectSelector
  readonly permission: Permission
}

/** A project of this region, and somebody who holds `permission` on it. */
export interface ScopedRoute extends RouteBase {
  readonly access: ScopedAccess
  handle(request: Scoped): Promise<Reply>
}

/**
 * As ScopedRoute, for bodies too large to hold: `body` is empty, and `chunks` come as they arrive, inflated. Nothing of
 * them is read before the caller and the project are known.
 */
export interface StreamRoute extends RouteBase {
  readonly body: 'stream'
  readonly access: ScopedAccess
  handle(request: ScopedStream): Promise<Reply>
}

export type Route = OpenRoute | PrincipalRoute | ScopedRoute | StreamRoute

export const isScopedRoute = (route: Route): route is ScopedRoute | StreamRoute => 'project' in route.access
export const isStreamRoute = (route: Route): route is StreamRoute => 'body' in route
export const isOpenRoute = (route: Route): route is OpenRoute => route.access.accepts === 'none'

/** Finds who is asking. Throws Unauthenticated when no accepted credential is there or it does not hold. */
export interface Authenticator {
  authenticate(request: Received, accepts: readonly CredentialKind[]): Promise<Principal>
}

/** True when `principal` holds `permission` on the project, now. */
export type MayUse = (principal: Principal, permission: Permission, project: Pick<Project, 'id'>) => boolean

export const jsonReply = (status: number, body: object, headers?: Record<string, string>): Reply =>
  headers === undefined ? { status, body } : { status, body, headers }
