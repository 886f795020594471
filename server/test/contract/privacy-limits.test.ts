import { compactVerify, createLocalJWKSet } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bearer, type Lethe, startLethe } from '../support/lethe.ts'
import { eu, owner, us } from '../support/provision.ts'
import { waitFor } from '../support/wait-for.ts'

// The limits as they are out of the box, but for the grace; and the other shape of the create answer.
let lethe: Lethe
beforeAll(async () => {
  lethe = await startLethe({ env: { LETHE_GDPR_GRACE_SECONDS: '0', LETHE_GDPR_CREATE_SHAPE: 'task_id' } })
})
afterAll(() => lethe?.stop())

const as = { headers: bearer(owner.gdprToken) }
const deletions = '/api/app/data-deletions/v3.0'
const create = (token: string, kind = 'data-deletions', id = 'somebody') =>
  lethe.post(`/api/app/${kind}/v3.0?token=${token}`, { ...as, body: { distinct_ids: [id] } })

/** Sent again until its turn comes. */
const answered = (method: string, id: string) =>
  waitFor('a turn', async () => {
    const answer = await lethe.send(method, `${deletions}/${id}?token=${eu.token}`, as)
    return answer.status === 429 ? null : answer
  })

describe('privacy requests under the limits of a new installation', () => {
  it('are created once per second and project, in the shape of the OpenAPI file', async () => {
    const [first, second] = await Promise.all([create(us.token), create(us.token, 'data-retrievals')])
    const [taken, refused] = first.status === 201 ? [first, second] : [second, first]
    expect([taken.status, refused.status]).toEqual([201, 429])
    expect(taken.json()).toEqual({ status: 'ok', results: { task_id: expect.any(String) } })
    expect(refused.json()).toEqual({ error: expect.stringContaining('exponential backoff'), status: 'error' })
    expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1)
    // Another project is not held up, and what was refused does not count.
    expect((await create(eu.token)).status).toBe(201)
    await waitFor('another turn', async () => (await create(us.token)).status === 201, 5_000)
  })

  it('are asked about five times at once, and then more slowly', async () => {
    const asked = await Promise.all(
      Array.from({ length: 12 }, () => lethe.get(`${deletions}/none?token=${us.token}`, as)),
    )
    const statuses = asked.map((answer) => answer.status).sort()
    expect(statuses.slice(0, 5)).toEqual([200, 200, 200, 200, 200])
    expect(statuses.at(-1)).toBe(429)
    const refused = asked.find((answer) => answer.status === 429)
    expect(refused?.headers['retry-after']).toMatch(/^[1-9]\d*$/)
  })

  it('end in SUCCESS for people of whom nothing is held, with a receipt that anybody can check', async () => {
    const { task_id } = (
      await waitFor('a turn', async () => {
        // Not who was asked for above: an erasure that runs takes its people off the lists of those that wait.
        const answer = await create(eu.token, 'data-deletions', 'nobody known')
        return answer.status === 201 ? answer : null
      })
    ).json().results
    const evidence = await waitFor('SUCCESS', async () => {
      const answer = await lethe.get(`${deletions}/${task_id}/evidence?token=${eu.token}`, as)
      return answer.status === 200 && answer.json().results.status === 'SUCCESS' ? answer.json().results : null
    })
    expect(evidence.evidence).toMatchObject({ ids_requested: 1, ids_unknown: 1 })
    const status = await answered('GET', task_id)
    expect(status.json().results).toMatchObject({ status: 'SUCCESS', distinct_ids: [] })

    const keys = (await lethe.get('/api/app/privacy/receipt-keys')).json()
    const verified = await compactVerify(evidence.receipt, createLocalJWKSet(keys))
    expect(JSON.parse(new TextDecoder().decode(verified.payload))).toMatchObject({
      type: 'lethe-erasure',
      tracking_id: task_id,
      project_id: eu.id,
      region: 'EU',
      evidence: evidence.evidence,
    })
    const [head, , signature] = (evidence.receipt as string).split('.')
    const forged = `${head}.${Buffer.from('{"type":"lethe-erasure"}').toString('base64url')}.${signature}`
    await expect(compactVerify(forged, createLocalJWKSet(keys))).rejects.toThrow()
    const canceled = await answered('DELETE', task_id)
    expect([canceled.status, canceled.headers['allow']]).toEqual([405, 'GET'])
  })
})
