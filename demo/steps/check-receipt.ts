import { compactVerify, createLocalJWKSet, type JSONWebKeySet } from 'jose'
import { call } from '../call.ts'
import { holdEqual, holdTrue } from '../hold.ts'
import { hostOf, type Tour } from '../tour.ts'
import type { Erasure } from './erase-person.ts'

/** Anybody can check the receipt with the public key: it holds numbers and times, and nothing of the person. */
export const checkReceipt = async (tour: Tour, { receipt, trackingId }: Erasure): Promise<void> => {
  const { print, installation, cast } = tour
  print.step('Check the receipt')
  const keysUrl = `${hostOf(tour, installation.eu)}/api/app/privacy/receipt-keys`
  const keys = (await call('GET', keysUrl)).json<JSONWebKeySet>()
  const { payload, protectedHeader } = await compactVerify(receipt, createLocalJWKSet(keys))
  const text = Buffer.from(payload).toString('utf8')
  const claims = JSON.parse(text) as Readonly<Record<string, unknown>>
  print.asked(`GET ${keysUrl}`)
  print.got(
    `${keys.keys.length} key; receipt of ${receipt.length} characters, ${protectedHeader.alg}, kid ${protectedHeader.kid}`,
  )
  for (const name of ['type', 'tracking_id', 'project_id', 'region', 'erased_until', 'finished_at']) {
    print.note(`${name.padEnd(14)} ${String(claims[name])}`)
  }
  print.ok('the signature is good')
  holdEqual(
    print,
    'it is about this request',
    [claims['tracking_id'], claims['project_id']],
    [trackingId, installation.eu.id],
  )
  const named = Object.keys(cast.subject.canaries).filter((name) => text.includes(cast.subject.canaries[name] ?? ''))
  holdEqual(print, 'it says nothing of the person', named, [])
  const [head = '', body = '', signature = ''] = receipt.split('.')
  const forged = Buffer.from(text.replace(trackingId, '0'.repeat(trackingId.length))).toString('base64url')
  const isForgedGood = await compactVerify(`${head}.${forged}.${signature}`, createLocalJWKSet(keys)).then(
    () => true,
    () => false,
  )
  holdTrue(print, 'a changed receipt is found out', body !== forged && !isForgedGood, 'a bad signature', 'a good one')
}
