import type { IncomingMessage } from 'node:http'
import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { createBodyReader } from './read-body.ts'

const aRequest = (headers: IncomingMessage['headers'] = {}) => {
  const payload = new PassThrough()
  return { payload, request: Object.assign(payload, { headers }) as unknown as IncomingMessage }
}
/** Lets what was written arrive. */
const settle = () => new Promise((resolve) => setImmediate(resolve))

describe('body reader', () => {
  it('gives the whole body', async () => {
    const { payload, request } = aRequest()
    const body = createBodyReader().read(request, payload, 10)
    payload.write('ab')
    payload.end('cd')
    expect((await body).toString()).toBe('abcd')
  })

  it.each([
    ['announced', { 'content-length': '6' }],
    ['not announced', {}],
  ])('refuses what is too large, %s, once it has all been sent', async (_name, headers) => {
    const { payload, request } = aRequest(headers)
    let isSettled = false
    const body = createBodyReader().read(request, payload, 5)
    body
      .catch(() => undefined)
      .finally(() => {
        isSettled = true
      })
    payload.write('abcdef')
    await settle()
    expect(isSettled).toBe(false)
    payload.end()
    await expect(body).rejects.toMatchObject({ code: 'BODY_TOO_LARGE', status: 413 })
  })

  it('says that a body broke off', async () => {
    const { payload, request } = aRequest()
    const body = createBodyReader().read(request, payload, 5)
    payload.write('a')
    payload.destroy()
    await expect(body).rejects.toMatchObject({ status: 400 })
  })

  it('lets the one that has been sending for longest give way, and takes on when there is room', async () => {
    const reader = createBodyReader(10)
    const [slow, second, third] = [aRequest(), aRequest(), aRequest()]
    const slowBody = reader.read(slow.request, slow.payload, 10)
    const secondBody = reader.read(second.request, second.payload, 10)
    slow.payload.write('123456')
    second.payload.write('123')
    await settle()
    second.payload.end('456')
    await expect(slowBody).rejects.toMatchObject({ code: 'OVERLOADED', status: 503 })
    expect((await secondBody).toString()).toBe('123456')
    // The second is complete and not answered: it still counts, and the third is the one that has to go.
    const thirdBody = reader.read(third.request, third.payload, 10)
    third.payload.end('12345')
    await expect(thirdBody).rejects.toMatchObject({ code: 'OVERLOADED' })
    reader.release(second.request)
    const fourth = aRequest()
    const fourthBody = reader.read(fourth.request, fourth.payload, 10)
    fourth.payload.end('1234567890')
    expect((await fourthBody).length).toBe(10)
  })

  it('counts what a body inflates to', async () => {
    const reader = createBodyReader(10)
    const { payload, request } = aRequest()
    const body = reader.read(request, payload, 10)
    payload.end('1234')
    await body
    expect(() => reader.hold(request, 6)).not.toThrow()
    expect(() => reader.hold(request, 1)).toThrowError(/too much/)
  })
})
