import { gzipSync } from 'node:zlib'

// ING-29, RES-12: what the clients send that cannot run here, made from the facts of docs/spec/clients.md: paths, queries,
// media types, encodings and credentials as in their sources. docs/clients.md says which client is tested how.

export interface DialectProject {
  readonly id: number
  readonly token: string
  readonly secret: string
}

export interface DialectRequest {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Buffer
}

/** Builds the request that carries one record of the client. */
export type Send = (record: object, project: DialectProject) => DialectRequest

export interface Dialect {
  readonly client: string
  readonly track?: Send
  readonly engage?: Send
  readonly groups?: Send
  readonly import?: Send
  /** What the client takes for success, to the byte: of the first three, and of `import`. */
  readonly answer: string
  readonly importAnswer?: string
  /** How it says when something happened; seconds as whole numbers where nothing is said. */
  readonly time?: 'float seconds' | 'milliseconds'
}

const json = (value: unknown): string => JSON.stringify(value)
const base64 = (value: unknown): string => Buffer.from(json(value)).toString('base64')
const formType = { 'content-type': 'application/x-www-form-urlencoded' }
const jsonType = { 'content-type': 'application/json' }
const basic = (user: string, password = ''): { readonly authorization: string } => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
})
const plain = '1'
const verbose = '{"status":1,"error":null}'
const imported = '{"code":200,"num_records_imported":1,"status":"OK"}'

const post = (
  path: string,
  headers: DialectRequest['headers'],
  body: NonNullable<DialectRequest['body']>,
): DialectRequest => ({ method: 'POST', path, headers, body })

/** `data=` with base64 as the standard form encoding has it. */
const formOf =
  (path: string, more = ''): Send =>
  (record) =>
    post(path, formType, `data=${encodeURIComponent(base64([record]))}${more}`)

/** `data=` with base64 as it is: a form parser makes spaces of its `+`. */
const bareFormOf =
  (path: string, type: string, more = ''): Send =>
  (record) =>
    post(path, { 'content-type': type }, `${more}data=${base64([record])}`)

/** `data=` with the JSON text itself. */
const textFormOf =
  (path: string, more = '', headers: DialectRequest['headers'] = {}): Send =>
  (record) =>
    post(path, { ...formType, ...headers }, `data=${encodeURIComponent(json([record]))}${more}`)

const gzipFormOf =
  (path: string): Send =>
  (record) =>
    post(
      path,
      { 'content-type': 'application/x-www-form-urlencoded;charset=utf8', 'content-encoding': 'gzip' },
      gzipSync(`data=${encodeURIComponent(base64([record]))}`),
    )

const jsonOf =
  (path: string, headers: DialectRequest['headers'] = jsonType): Send =>
  (record) =>
    post(path, headers, json([record]))

const gzipJsonOf =
  (path: string, credentials: (project: DialectProject) => DialectRequest['headers'] = () => ({})): Send =>
  (record, project) =>
    post(path, { ...jsonType, 'content-encoding': 'gzip', ...credentials(project) }, gzipSync(json([record])))

const three = (of: (path: string) => Send, tail = ''): Pick<Dialect, 'track' | 'engage' | 'groups'> => ({
  track: of(`/track${tail}`),
  engage: of(`/engage${tail}`),
  groups: of(`/groups${tail}`),
})

/** A line break every sixty characters, percent-encoded with the rest. */
const brokenBase64 = (value: unknown): string => encodeURIComponent(base64(value).replace(/(.{60})/g, '$1\n'))

export const dialects: readonly Dialect[] = [
  {
    client: 'Swift: JSON, gzipped for events, with a slash',
    track: gzipJsonOf('/track/?ip=1'),
    engage: jsonOf('/engage/?ip=1'),
    groups: jsonOf('/groups/?ip=1'),
    answer: plain,
    time: 'milliseconds',
  },
  { client: 'Objective-C: a form with base64', ...three(formOf, '?ip=1'), answer: plain, time: 'milliseconds' },
  { client: 'Android: a form with base64, with a slash', ...three(formOf, '/?ip=1'), answer: plain },
  { client: 'Android with compression: the whole form gzipped', track: gzipFormOf('/track/?ip=1'), answer: plain },
  {
    client: 'React Native without native code: JSON text in the form',
    ...three(textFormOf, '/?ip=1'),
    answer: plain,
    time: 'milliseconds',
  },
  { client: 'Flutter on the web: as the browser library', ...three(formOf, '/?verbose=1&ip=1&_=1'), answer: verbose },
  { client: 'Unity: a form with base64, with a slash', ...three(formOf, '/?ip=1'), answer: plain },
  {
    client: 'Python: JSON text, verbose and ip in the form',
    ...three((path) => textFormOf(path, '&verbose=1&ip=0')),
    import: (record, { secret }) => textFormOf('/import', '&verbose=1&ip=0', basic(secret))(record, noProject),
    answer: verbose,
    importAnswer: verbose,
    time: 'float seconds',
  },
  {
    client: 'Python, buffered: keeps the secret of its imports on later calls',
    ...three((path) => textFormOf(path, '&verbose=1&ip=0', basic('a secret of somewhere else'))),
    answer: verbose,
  },
  {
    client: 'Java: charset=utf8, gzipped form; imports JSON with the token as user',
    ...three(gzipFormOf),
    import: (record, { token }) => post('/import?strict=1', { ...jsonType, ...basic(token) }, json([record])),
    answer: plain,
    importAnswer: imported,
    time: 'milliseconds',
  },
  {
    client: 'PHP: base64 that is not percent-encoded',
    ...three((path) => bareFormOf(path, 'application/x-www-form-urlencoded')),
    answer: plain,
  },
  {
    client: 'Ruby: a form with verbose; imports with an api_key',
    ...three((path) => formOf(path, '&verbose=1')),
    import: (record, { secret }) =>
      post(
        '/import',
        { ...formType, ...basic(secret) },
        `data=${encodeURIComponent(base64([record]))}&verbose=1&api_key=old`,
      ),
    answer: verbose,
    importAnswer: verbose,
    time: 'milliseconds',
  },
  {
    client: 'Go: JSON, verbose; imports gzipped JSON as a service account',
    ...three((path) => jsonOf(`${path}?verbose=1`)),
    import: (record, project) =>
      gzipJsonOf(`/import?strict=1&project_id=${project.id}`, () =>
        basic(dialectAccount.username, dialectAccount.secret),
      )(record, project),
    answer: verbose,
    importAnswer: imported,
    time: 'milliseconds',
  },
  {
    client: 'Go merge: JSON text in a form of /import, no token inside, no verbose',
    import: (record, { secret }) => textFormOf('/import', '', basic(secret))(record, noProject),
    answer: plain,
    importAnswer: plain,
  },
  {
    client: 'C#: text/plain with bare base64',
    ...three((path) => bareFormOf(path, 'text/plain;charset=UTF-8')),
    answer: plain,
  },
  {
    client: 'sendBeacon: text/plain with encoded base64',
    track: (record) =>
      post(
        '/track/?ip=1&_=1',
        { 'content-type': 'text/plain;charset=UTF-8' },
        `data=${encodeURIComponent(base64([record]))}`,
      ),
    answer: plain,
    time: 'float seconds',
  },
  {
    client: 'keolo: GET with base64 in lines; imports by GET',
    track: (record) => ({ method: 'GET', path: `/track/?data=${brokenBase64(record)}`, headers: {} }),
    import: (record, { secret }) => ({
      method: 'GET',
      path: `/import/?data=${brokenBase64(record)}`,
      headers: basic(secret),
    }),
    answer: plain,
    importAnswer: plain,
  },
  {
    client: 'taps: a lone secret without its colon, in the URL-safe alphabet',
    import: (record, { secret }) =>
      post(
        '/import?strict=0',
        { ...jsonType, authorization: `Basic ${Buffer.from(secret).toString('base64url')}` },
        json([record]),
      ),
    answer: plain,
    importAnswer: imported,
  },
  {
    client: 'relays: JSON with verbose=2 and a secret that is not asked for; import as a service account',
    track: jsonOf('/track/?verbose=2', { ...jsonType, ...basic('whoever') }),
    engage: jsonOf('/engage/?verbose=2', { ...jsonType, ...basic('whoever') }),
    groups: jsonOf('/groups/?verbose=2', { ...jsonType, ...basic('whoever') }),
    import: (record, project) =>
      gzipJsonOf(`/import/?strict=1&project_id=${project.id}`, () =>
        basic(dialectAccount.username, dialectAccount.secret),
      )(record, project),
    answer: verbose,
    importAnswer: imported,
  },
]

/** Service account that some of the clients import as. */
export const dialectAccount = { username: 'clients.abc123.mp-service-account', secret: 'secret of the clients' }

// Of clients whose request says nothing of the project.
const noProject: DialectProject = { id: 0, token: '', secret: '' }
