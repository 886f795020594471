import { randomBytes } from 'node:crypto'
import { basic, call } from '../call.ts'
import { holdEqual, holdTrue } from '../hold.ts'
import { hostOf, type Tour } from '../tour.ts'

/** Data of an EU project at the US host: refused with the right host in the message. Returns the text that must not be kept. */
export const wrongRegion = async (tour: Tour): Promise<string> => {
  const { print, installation } = tour
  const { us, eu, account } = installation
  print.step('Send EU data to the US host')
  const stray = `stray-${randomBytes(8).toString('hex')}`
  const properties = { distinct_id: stray, $insert_id: stray, time: Math.floor(tour.nowMs / 1_000) }

  const tracked = await call('POST', `${hostOf(tour, us)}/track`, {
    body: [{ event: 'Page Viewed', properties: { ...properties, token: eu.token } }],
  })
  print.asked(`POST ${hostOf(tour, us)}/track   with the token of the EU project`)
  print.got(`${tracked.status} ${tracked.text}`)
  holdEqual(print, '/track refuses', tracked.status, 403)
  const rightHost = new URL(hostOf(tour, eu)).hostname
  holdTrue(print, 'the message names the EU host', tracked.text.includes(rightHost), rightHost, tracked.text)

  const imported = await call('POST', `${hostOf(tour, us)}/import?strict=1&project_id=${eu.id}`, {
    headers: basic(account.username, account.secret),
    body: [{ event: 'Page Viewed', properties }],
  })
  print.asked(`POST ${hostOf(tour, us)}/import?project_id=${eu.id}   with a service account of both`)
  print.got(`${imported.status} ${imported.text}`)
  holdEqual(print, '/import refuses', imported.status, 403)
  print.note('Whether anything of it was kept is looked for in the next step, in the bytes on disk.')
  return stray
}
