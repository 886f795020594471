import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { AppError, InvalidRequest } from '../kernel/errors.ts'
import type { Clock } from '../kernel/time.ts'
import {
  type Authenticator,
  isOpenRoute,
  isScopedRoute,
  isStreamRoute,
  type Received,
  type Reply,
  type Route,
  type ScopedStream,
} from './route.ts'
import type { Locate } from './steps/locate.ts'
import { hostName, type Place } from './steps/place.ts'
import { type BodyReader, createBodyReader } from './steps/read-body.ts'
import { discard, inflateBody, inflateStream } from './steps/receive.ts'
import { corsHeaders, preflightHeaders } from './surfaces/cors.ts'
import { asAppError, renderError } from './surfaces/render-error.ts'

export interface HttpDeps {
  readonly routes: readonly Route[]
  readonly place: Place
  readonly locate: Locate
  readonly authenticator: Authenticator
  readonly clock: Clock
  /** Called once per answered request, with nothing personal in it. */
  readonly onAnswered: (line: AnsweredLine) => void
  /** Called for errors that are our fault; `error.cause` stays out of logs unless it is known to be clean. */
  readonly onFault: (requestId: string, error: AppError) => void
  readonly trustedProxies: readonly string[]
  /** RES-16: refuse requests that did not come over TLS. */
  readonly requireHttps: boolean
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null
}

export interface AnsweredLine {
  readonly requestId: string
  readonly method: string
  /** The route's pattern, never the path as sent. */
  readonly route: string
  readonly regionId: string | null
  readonly status: number
  readonly durationMs: number
}

// What Fastify reads as a media type; it refuses requests with another Content-Type.
const mediaType = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+\s*(;.*)?$/

/** Builds the HTTP server: receive → place → authenticate → locate → handle → reply (STYLE §1). */
export const createHttpServer = (deps: HttpDeps): FastifyInstance => {
  const app = fastify({
    logger: false,
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, maxParamLength: 1_000 },
    exposeHeadRoutes: false,
    genReqId: () => randomUUID(),
    trustProxy: deps.trustedProxies.length === 0 ? false : [...deps.trustedProxies],
    forceCloseConnections: 'idle',
    // Slow senders must not hold connections for ever.
    requestTimeout: 120_000,
    ...(deps.tls === null
      ? {}
      : {
          https: {
            cert: readFileSync(deps.tls.certFile),
            key: readFileSync(deps.tls.keyFile),
            minVersion: 'TLSv1.2' as const,
          },
        }),
  }) as unknown as FastifyInstance

  // Every media type is bytes here: surfaces decide, and no client is refused for its Content-Type (CLIENTS A2).
  const bodies = createBodyReader()
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (request: FastifyRequest, payload: IncomingMessage) =>
    bodies.read(request.raw, payload, request.routeOptions.bodyLimit ?? 0),
  )
  app.addHook('onRequest', (request, reply, done) => {
    const type = request.raw.headers['content-type']
    if (type !== undefined && !mediaType.test(type)) request.raw.headers['content-type'] = 'application/octet-stream'
    reply.raw.once('close', () => bodies.release(request.raw))
    done()
  })

  const [streamed, held] = [deps.routes.filter(isStreamRoute), deps.routes.filter((route) => !isStreamRoute(route))]
  for (const route of held) addRoute(deps, bodies, app, route)
  // Parsers belong to a scope of their own; in this one the body stays where it is until `chunks` are read.
  app.register((scope, _options, registered) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
    for (const route of streamed) addRoute(deps, bodies, scope, route)
    registered()
  })
  refuseOtherMethods(deps, app)
  app.setNotFoundHandler((request, reply) => {
    const error = new AppError('NOT_FOUND', 'no such path', { status: 404 })
    return send(request, reply, renderError('app', error, request.url))
  })
  return app
}

const addRoute = (deps: HttpDeps, bodies: BodyReader, app: FastifyInstance, route: Route): void => {
  app.route({
    method: route.method,
    url: route.path,
    // Fastify takes no 0; inflateBody refuses the one byte that this lets through.
    bodyLimit: Math.max(1, route.bodyBytesMax),
    handler: (request, reply) => answer(deps, bodies, route, request, reply),
    errorHandler: (error, request, reply) => sendError(deps, route, request, reply, fastifyError(error)),
  })
}

/** Known path, other method: 405 with Allow; OPTIONS of the ingestion surfaces: CORS preflight. */
const refuseOtherMethods = (deps: HttpDeps, app: FastifyInstance): void => {
  const byPath = Map.groupBy(deps.routes, (route) => route.path)
  for (const [path, routes] of byPath) {
    const known = new Set<string>(routes.map((route) => route.method))
    const surface = routes[0]?.surface ?? 'app'
    const isBrowserPath = surface === 'ingest' || surface === 'import'
    if (isBrowserPath) {
      app.options(path, (request, reply) => {
        const { origin } = request.headers
        const asked = request.headers['access-control-request-headers']
        return send(request, reply, { status: 204, headers: preflightHeaders(origin, asked), body: null })
      })
    }
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const) {
      if (known.has(method)) continue
      app.route({
        method,
        url: path,
        handler: (request, reply) => {
          const error = new AppError('METHOD_NOT_ALLOWED', `${method} is not allowed here`, {
            status: 405,
            headers: { Allow: [...known].join(', ') },
          })
          return send(request, reply, renderError(surface, error, request.url))
        },
      })
    }
  }
}

const answer = async (
  deps: HttpDeps,
  bodies: BodyReader,
  route: Route,
  request: FastifyRequest,
  reply: FastifyReply,
) => {
  const startedAtMs = deps.clock.nowMs()
  let regionId: string | null = null
  try {
    const received = await receive(deps, bodies, route, request, reply)
    regionId = received.region?.id ?? null
    const result = await handle(deps, route, received)
    await readRest(route, request, reply)
    send(request, reply, withCors(route, request, result))
  } catch (error) {
    await readRest(route, request, reply)
    sendError(deps, route, request, reply, asAppError(error))
  }
  deps.onAnswered({
    requestId: request.id,
    method: request.method,
    route: route.path,
    regionId,
    status: reply.statusCode,
    durationMs: deps.clock.nowMs() - startedAtMs,
  })
  return reply
}

type ReceivedStream = Received & Pick<ScopedStream, 'chunks'>

const receive = async (
  deps: HttpDeps,
  bodies: BodyReader,
  route: Route,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<ReceivedStream> => {
  // Probes of a load balancer come by address and without TLS; they get nothing of anybody.
  const isProbe = route.surface === 'system'
  if (deps.requireHttps && !isProbe && request.protocol !== 'https') {
    throw new AppError('FORBIDDEN', 'HTTPS is required', { status: 403 })
  }
  const host = hostName(request.host)
  const region = isProbe ? null : deps.place(host)
  const sent = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
  const encoding = request.headers['content-encoding']
  const body = await inflateBody(sent, isStreamRoute(route) ? undefined : encoding, route.bodyBytesMax)
  if (body !== sent) bodies.hold(request.raw, body.length)
  const gone = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort()
  })
  return {
    requestId: request.id,
    method: request.method,
    path: request.url.split('?', 1)[0] ?? '',
    url: request.url,
    host,
    region,
    query: singleValues(request.query),
    params: request.params as Record<string, string>,
    headers: request.headers,
    body,
    chunks: inflateStream(request.raw, encoding, route.bodyBytesMax),
    clientIp: request.ip,
    receivedAtMs: deps.clock.nowMs(),
    signal: gone.signal,
  }
}

/**
 * What a handler left unread of a streamed body is read and thrown away before the answer: many clients look at the
 * answer only when they have sent everything, and the next request of the connection stands behind it.
 */
const readRest = async (route: Route, request: FastifyRequest, reply: FastifyReply): Promise<void> => {
  if (isStreamRoute(route) && !(await discard(request.raw, route.bodyBytesMax))) reply.header('Connection', 'close')
}

const handle = async (deps: HttpDeps, route: Route, received: ReceivedStream): Promise<Reply> => {
  if (isOpenRoute(route)) return route.handle(received)
  const principal = await deps.authenticator.authenticate(received, route.access.accepts)
  if (!isScopedRoute(route)) return route.handle({ ...received, principal })
  const located = await deps.locate.forRoute(route, received, principal)
  return route.handle({ ...received, principal, ...located })
}

/** A parameter given twice: the last one counts. */
const singleValues = (query: unknown): Record<string, string> => {
  const values: Record<string, string> = Object.create(null)
  for (const [name, value] of Object.entries(query as Record<string, string | string[]>)) {
    values[name] = Array.isArray(value) ? (value.at(-1) ?? '') : value
  }
  return values
}

const fastifyError = (error: unknown): AppError => {
  const code = (error as { code?: string }).code ?? ''
  if (code.startsWith('FST_ERR_')) return new InvalidRequest('the request could not be read')
  return asAppError(error)
}

const sendError = (deps: HttpDeps, route: Route, request: FastifyRequest, reply: FastifyReply, error: AppError) => {
  if (error.status >= 500) deps.onFault(request.id, error)
  send(request, reply, withCors(route, request, renderError(route.surface, error, request.url)))
  return reply
}

const withCors = (route: Route, request: FastifyRequest, reply: Reply): Reply =>
  route.surface === 'ingest' || route.surface === 'import'
    ? { ...reply, headers: { ...corsHeaders(request.headers.origin), ...reply.headers } }
    : reply

/** An answer is data, whatever stands in it: no browser is to guess, run or frame it. Pages say what they may. */
const plainAnswer = [
  ['X-Content-Type-Options', 'nosniff'],
  ['Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'"],
] as const

const send = (request: FastifyRequest, reply: FastifyReply, result: Reply): FastifyReply => {
  reply.code(result.status)
  reply.header('X-Request-Id', request.id)
  for (const [name, value] of plainAnswer) reply.header(name, value)
  for (const [name, value] of Object.entries(result.headers ?? {})) reply.header(name, value)
  if (result.body === null) return reply.send()
  if (typeof result.body === 'string' || Buffer.isBuffer(result.body) || result.body instanceof Readable) {
    if (!reply.hasHeader('Content-Type')) reply.type('text/plain; charset=utf-8')
    return reply.send(result.body)
  }
  if (!reply.hasHeader('Content-Type')) reply.type('application/json; charset=utf-8')
  return reply.send(JSON.stringify(result.body))
}
