import { describe, expect, it } from 'vitest'
import { parseSourceRequest } from './source-request.ts'

const events = { kind: 'events', fromDate: '2024-01-01', toDate: '2024-01-02', selectors: [{ event: 'a' }] }
const people = { kind: 'people', selectors: [{ selector: 'true' }] }

describe('what a script asks for', () => {
  it.each([events, people, { kind: 'join', events, people, type: 'left', selectors: [{}] }])('may be %j', (source) => {
    expect(parseSourceRequest({ source, byUser: true })).toEqual({ source, byUser: true })
  })

  it.each<[string, unknown]>([
    ['nothing', null],
    ['another source', { source: { ...events, kind: 'hidden' }, byUser: true }],
    ['more than a source', { source: { ...events, projectId: 7 }, byUser: true }],
    ['SQL for a day', { source: { ...events, fromDate: `2024-01-01' OR 1` }, byUser: true }],
    ['a name that is no text', { source: { ...events, selectors: [{ event: { toString: 1 } }] }, byUser: true }],
    [
      'a join within a join',
      { source: { kind: 'join', events: people, people, type: 'left', selectors: [] }, byUser: true },
    ],
    ['too many selectors', { source: { ...events, selectors: Array(201).fill({}) }, byUser: true }],
  ])('is refused when it is %s', (_name, request) => {
    expect(() => parseSourceRequest(request)).toThrow(expect.objectContaining({ status: 400 }))
  })
})
