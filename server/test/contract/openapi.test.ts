import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectDocumented, expectExportLine, notChecked } from '../support/documented.ts'
import { basic, bearer, type Lethe, startLethe } from '../support/lethe.ts'
import { adminAccount, owner, us } from '../support/provision.ts'
import { waitFor } from '../support/wait-for.ts'

// Each good answer, and each answer about single bad records, against the documented schemas in contract/.

let lethe: Lethe
beforeAll(async () => {
  lethe = await startLethe({
    env: {
      LETHE_GDPR_GRACE_SECONDS: '0',
      LETHE_GDPR_RATE_PER_SECOND: '1000000',
      LETHE_GDPR_STATUS_RATE_PER_SECOND: '10000',
    },
  })
})
afterAll(() => lethe?.stop())

const seconds = () => Math.floor(Date.now() / 1_000)
const event = (name: string, properties: object = {}) => ({
  event: name,
  properties: { token: us.token, distinct_id: 'doc', time: seconds(), $insert_id: `doc-${name}`, ...properties },
})
const account = basic(adminAccount.username, adminAccount.secret)
const officer = bearer(owner.gdprToken)
const day = () => new Date().toISOString().slice(0, 10)

describe('ingestion', () => {
  const group = { $token: us.token, $group_key: 'company', $group_id: 'doc' }
  const records = {
    '/track': event('Seen'),
    '/engage': { $token: us.token, $distinct_id: 'doc', $set: { plan: 'free' } },
    '/groups': { ...group, $set: { plan: 'free' } },
  }
  it.each(Object.entries(records))('%s answers 1, 0, and with verbose an object', async (path, record) => {
    const good = { body: [record] }
    expect(expectDocumented(`POST ${path}`, '200', await lethe.post(path, good))).toBe('1')
    expect(expectDocumented(`POST ${path}`, '200', await lethe.post(path, { body: [{}] }))).toBe('0')
    const verbose = await lethe.post(`${path}?verbose=1`, good)
    expect(expectDocumented(`POST ${path}`, '200 verbose', verbose)).toEqual({ status: 1, error: null })
    const refused = await lethe.post(`${path}?verbose=1`, { body: [{}] })
    expect(expectDocumented(`POST ${path}`, '200 verbose', refused)).toMatchObject({ status: 0 })
  })

  it.each([
    ['/engage', { $token: us.token, $distinct_id: 'doc' }],
    ['/groups', group],
  ])('%s with strict=1 names each bad record, and stores the good ones', async (path, who) => {
    const body = [
      { ...who, $set: { plan: 'paid' } },
      { ...who, $add: { n: 'x' } },
    ]
    const refused = expectDocumented(`POST ${path}`, '400 strict', await lethe.post(`${path}?strict=1`, { body }))
    expect(refused).toMatchObject({ num_records_imported: 1, failed_records: [{ index: 1, field: '$add' }] })
  })

  it('/import counts what it stored, and names each bad record by its place and id', async () => {
    const path = `/import?strict=1&project_id=${us.id}`
    const send = (...body: readonly object[]) => lethe.post(path, { headers: account, body })
    const good = expectDocumented('POST /import', '200', await send(event('A'), event('B')))
    expect(good.num_records_imported).toBe(2)
    const mixed = await send(event('C'), event('D', { time: 'yesterday' }), event('E', { $insert_id: '' }))
    expect(expectDocumented('POST /import', '400 strict', mixed)).toMatchObject({
      num_records_imported: 1,
      failed_records: [
        {
          index: 1,
          insert_id: 'doc-D',
          $insert_id: 'doc-D',
          field: 'properties.time',
          message: `'properties.time' is invalid: must be specified as seconds since epoch`,
        },
        { index: 2, insert_id: '', field: 'properties.$insert_id' },
      ],
    })
  })
})

describe('raw export', () => {
  it('gives lines, each as documented, of exactly what was stored', async () => {
    const path = `/api/2.0/export?project_id=${us.id}&from_date=${day()}&to_date=${day()}`
    const body: string = expectDocumented('GET /api/2.0/export', '200', await lethe.get(path, { headers: account }))
    const lines = body.trimEnd().split('\n')
    for (const line of lines) expectExportLine(line)
    // Sent twice, and not deduplicated in a raw export: Seen.
    expect(lines.map((line) => JSON.parse(line).event).sort()).toEqual(['A', 'B', 'C', 'Seen', 'Seen'])
  })

  it('is empty, without a line, where there is nothing', async () => {
    const path = `/api/2.0/export?project_id=${us.id}&from_date=2021-01-01&to_date=2021-01-31`
    expect(expectDocumented('GET /api/2.0/export', '200', await lethe.get(path, { headers: account }))).toBe('')
  })
})

describe.each([
  ['data-retrievals', ['DATA', 'CATEGORIES', 'SOURCES']],
  ['data-deletions', ['DATA']],
] as const)('%s', (kind, disclosures) => {
  const path = `/api/app/${kind}/v3.0`
  const statusOf = (id: string) => lethe.get(`${path}/${id}?token=${us.token}`, { headers: officer })
  const create = async (body: object) => {
    const answer = await lethe.post(`${path}?token=${us.token}`, { headers: officer, body })
    const { results } = expectDocumented(`POST ${path}`, '201', answer)
    expect(answer.headers['location']).toBe(`${path}/${results[0].tracking_id}`)
    return results[0]
  }

  it('answers each state as documented, up to SUCCESS', async () => {
    for (const disclosure_type of disclosures) {
      const created = await create({ distinct_ids: ['doc'], compliance_type: 'CCPA', disclosure_type })
      expect(created).toMatchObject({ disclosure_type, compliance_type: 'ccpa', distinct_id_count: 1 })
      expect(created).toMatchObject({ project_id: us.id, requesting_user: owner.email })
      const operation = `GET ${path}/{tracking_id}`
      const ended = await waitFor(
        `${kind} to end`,
        async () => {
          const { results } = expectDocumented(operation, '200', await statusOf(created.tracking_id))
          expect(results.tracking_id).toBe(created.tracking_id)
          return results.status === 'SUCCESS' ? results : null
        },
        40_000,
      )
      const isRetrieval = kind === 'data-retrievals'
      expect(ended.result).toMatch(isRetrieval ? /^http:.*archive\.zip\?/ : /^$/)
      if (isRetrieval) expect(ended.results).toBe(ended.result)
    }
  })

  it('knows no task of another name, of another kind, or of another project', async () => {
    const operation = `GET ${path}/{tracking_id}`
    expectDocumented(operation, '200 NOT_FOUND', await statusOf('1583792934719392965'))
    const { tracking_id: id } = await create({ distinct_ids: ['nobody'] })
    const otherKind = path.includes('retrievals')
      ? path.replace('retrievals', 'deletions')
      : path.replace('deletions', 'retrievals')
    const crossed = await lethe.get(`${otherKind}/${id}?token=${us.token}`, { headers: officer })
    expectDocumented(`GET ${otherKind}/{tracking_id}`, '200 NOT_FOUND', crossed)
  })
})

it('every documented good answer was checked', () => {
  const elsewhere = ['201 task_id', '204']
  const isMine = (key: string) => (key.startsWith('2') || key === '400 strict') && !elsewhere.includes(key)
  expect(notChecked(isMine)).toEqual([])
})
