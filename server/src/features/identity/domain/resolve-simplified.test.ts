import { describe, expect, it } from 'vitest'
import { resolveAsSent, resolveSimplified } from './resolve-simplified.ts'

const sent = (deviceId: string | null, userId: string | null, distinctId: string | null) => ({
  deviceId,
  userId,
  distinctId,
})
const link = (from: string, to: string) => ({ from, to })

describe('simplified mode', () => {
  it.each([
    ['user only', sent(null, 'U', null), sent(null, 'U', 'U'), null],
    ['user over another distinct_id', sent(null, 'U', 'X'), sent(null, 'U', 'U'), null],
    ['device only', sent('D', null, null), sent('D', null, '$device:D'), null],
    ['device over an empty distinct_id', sent('D', null, ''), sent('D', null, '$device:D'), null],
    ['device and user', sent('D', 'U', '$device:D'), sent('D', 'U', 'U'), link('$device:D', 'U')],
    ['prefixed distinct_id only', sent(null, null, '$device:D'), sent('D', null, '$device:D'), null],
    ['prefixed distinct_id and user', sent(null, 'U', '$device:D'), sent('D', 'U', 'U'), link('$device:D', 'U')],
    ['distinct_id only', sent(null, null, 'U'), sent(null, 'U', 'U'), null],
    ['empty distinct_id', sent(null, null, ''), sent(null, null, ''), null],
    ['device and another distinct_id', sent('D', null, 'U'), sent('D', 'U', 'U'), link('$device:D', 'U')],
    ['device and the same distinct_id', sent('D', null, 'D'), sent('D', null, '$device:D'), null],
    ['device with its prefix', sent('$device:D', null, null), sent('D', null, '$device:D'), null],
    ['the prefix alone', sent(null, null, '$device:'), sent(null, null, '$device:'), null],
    ['nothing', sent(null, null, null), sent(null, null, null), null],
  ])('%s', (_name, ids, resolved, made) => {
    expect(resolveSimplified(ids)).toEqual({ ...resolved, link: made })
  })

  // Identity §3.3: who each event is stored under; links are read back in the store's tests.
  it.each([
    [1, 'D1', null, '$device:D1', null],
    [3, 'D1', 'U1', 'U1', link('$device:D1', 'U1')],
    [4, 'D2', null, '$device:D2', null],
    [5, 'D1', 'U2', 'U2', link('$device:D1', 'U2')],
  ])('worked table, row %d', (_row, device, user, distinctId, made) => {
    expect(resolveSimplified(sent(device, user, null))).toMatchObject({ distinctId, link: made })
  })
})

it('other modes keep ids as sent and link nothing', () => {
  expect(resolveAsSent(sent('D', 'U', 'X'))).toEqual({ ...sent('D', 'U', 'X'), link: null })
})
