import type { Received } from '../../http/route.ts'
import type { PrivacySignals } from './ports.ts'

/** `Sec-GPC: 1` and `DNT: 1`: what the browser of a person sends with the person's own records. */
export const signalsOf = ({ headers }: Received): PrivacySignals => ({
  gpc: headers['sec-gpc'] === '1',
  dnt: headers['dnt'] === '1',
})

/** Servers send for others: what a browser would say is not said here. */
export const noSignals: PrivacySignals = { gpc: false, dnt: false }
