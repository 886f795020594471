import { gzipSync } from 'node:zlib'
import { basic, bearer, type SendOptions } from '../support/lethe.ts'
import { adminAccount, analystAccount, consumerAccount, eu, other, owner, stranger, us } from '../support/provision.ts'

// What to send to see each error of each surface.

export const account = basic(adminAccount.username, adminAccount.secret)
export const officer = bearer(owner.gdprToken)
export const usHost = 'us.lethe.localhost'
const day = () => new Date().toISOString().slice(0, 10)
export const exportPath = (projectId: number = us.id) =>
  `/api/2.0/export?project_id=${projectId}&from_date=${day()}&to_date=${day()}`
export const anEvent = (token: string, name = 'Refused') => ({
  event: name,
  properties: { token, distinct_id: 'e1', time: Math.floor(Date.now() / 1_000), $insert_id: 'refused-1' },
})
export const aProfile = (token: string) => ({ $token: token, $distinct_id: 'e1', $set: { refused: true } })
export const aGroup = (token: string) => ({
  $token: token,
  $group_key: 'company',
  $group_id: 'e1',
  $set: { refused: true },
})
const recordOf = { '/track': anEvent, '/engage': aProfile, '/groups': aGroup } as const
const noGzip = { headers: { 'Content-Encoding': 'gzip' }, body: 'this is no gzip' }
/** Small on the wire, and one byte too large inside. */
const inflated = (bytesMax: number) => gzipSync(Buffer.alloc(bytesMax + 1, ' '))
const mebibyte = 1_024 * 1_024

export type Case = readonly [operation: string, key: string, path: () => string, options: () => SendOptions]

export const ingestionErrors: readonly Case[] = [
  ...(['/track', '/engage', '/groups'] as const).flatMap((path): readonly Case[] => [
    [`POST ${path}`, '400', () => path, () => noGzip],
    [`POST ${path}`, '403', () => path, () => ({ host: usHost, body: recordOf[path](eu.token) })],
    [
      `POST ${path}`,
      '413',
      () => path,
      () => ({ headers: { 'Content-Encoding': 'gzip' }, body: inflated(20 * mebibyte) }),
    ],
  ]),
  [
    'POST /import',
    '400',
    () => `/import?project_id=${us.id}`,
    () => ({ headers: { ...account, 'Content-Type': 'application/json' }, body: 'no events' }),
  ],
  ['POST /import', '400', () => '/import', () => ({ headers: account, body: [] })],
  ['POST /import', '401', () => '/import', () => ({ headers: basic('nobody', 'x'), body: [anEvent(us.token)] })],
  ['POST /import', '401', () => '/import', () => ({ body: [anEvent(us.token)] })],
  [
    'POST /import',
    '403',
    () => `/import?project_id=${us.id}`,
    () => ({ headers: basic(analystAccount.username, analystAccount.secret), body: [] }),
  ],
  [
    'POST /import',
    '403',
    () => `/import?project_id=${eu.id}`,
    () => ({ host: usHost, headers: account, body: [anEvent(eu.token)] }),
  ],
  [
    'POST /import',
    '403',
    () => `/import?project_id=${other.id}`,
    () => ({ headers: account, body: [anEvent(other.token)] }),
  ],
  [
    'POST /import',
    '413',
    () => `/import?project_id=${us.id}`,
    () => ({ headers: { ...account, 'Content-Encoding': 'gzip' }, body: inflated(10 * mebibyte) }),
  ],
]

export const exportErrors: readonly Case[] = [
  ['GET /api/2.0/export', '400', () => '/api/2.0/export?project_id=1001', () => ({ headers: account })],
  [
    'GET /api/2.0/export',
    '400',
    () => '/api/2.0/export?project_id=1001&from_date=2026-01-01&to_date=2999-01-01',
    () => ({ headers: account }),
  ],
  ['GET /api/2.0/export', '401', () => exportPath(), () => ({ headers: basic(us.token) })],
  [
    'GET /api/2.0/export',
    '403',
    () => exportPath(),
    () => ({ headers: basic(consumerAccount.username, consumerAccount.secret) }),
  ],
  ['GET /api/2.0/export', '403', () => exportPath(eu.id), () => ({ host: usHost, headers: account })],
  [
    'POST /api/2.0/export',
    '413',
    () => '/api/2.0/export',
    () => ({ headers: { ...account, 'Content-Encoding': 'gzip' }, body: inflated(65_536) }),
  ],
]

export const privacyErrors: readonly Case[] = (['data-retrievals', 'data-deletions'] as const).flatMap((kind) => {
  const path = `/api/app/${kind}/v3.0`
  const creates: readonly Case[] = [
    [`POST ${path}`, '400', () => `${path}?token=${us.token}`, () => ({ headers: officer, body: '{"distinct_ids":' })],
    [
      `POST ${path}`,
      '400',
      () => `${path}?token=${us.token}`,
      () => ({
        headers: officer,
        body: { distinct_ids: Array.from({ length: 2_001 }, (_none, index) => `id-${index}`) },
      }),
    ],
    [
      `POST ${path}`,
      '413',
      () => `${path}?token=${us.token}`,
      () => ({ headers: { ...officer, 'Content-Encoding': 'gzip' }, body: inflated(8 * mebibyte) }),
    ],
  ]
  const operations = [
    `POST ${path}`,
    `GET ${path}/{tracking_id}`,
    ...(kind === 'data-deletions' ? [`DELETE ${path}/{tracking_id}`] : []),
  ]
  return [
    ...creates,
    ...operations.flatMap((operation): readonly Case[] => {
      const concrete = (operation.split(' ')[1] ?? '').replace('{tracking_id}', 'unknown')
      const of = (token: string) => () => `${concrete}?token=${token}`
      const body = operation.startsWith('POST') ? { body: { distinct_ids: ['e1'] } } : {}
      return [
        [operation, '400', () => concrete, () => ({ headers: officer, ...body })],
        [operation, '401', of(us.token), () => body],
        [operation, '401', of(us.token), () => ({ headers: account, ...body })],
        [operation, '403', of(us.token), () => ({ headers: bearer(stranger.gdprToken), ...body })],
        [operation, '403', of('nobody'), () => ({ headers: officer, ...body })],
        [operation, '403', of(eu.token), () => ({ host: usHost, headers: officer, ...body })],
      ]
    }),
  ]
})

export const methodErrors: readonly Case[] = [
  ['POST /track', '405', () => '/track', () => ({})],
  ['POST /engage', '405', () => '/engage/', () => ({})],
  ['POST /groups', '405', () => '/groups', () => ({})],
  ['POST /import', '405', () => '/import', () => ({})],
  ['GET /api/2.0/export', '405', () => '/api/2.0/export', () => ({})],
]
