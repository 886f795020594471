import type { Region } from '../../../kernel/region.ts'

/**
 * Pages are served at the web host of a region, and at others of its hosts that are no API or data host; a host of no
 * region (single-host mode) serves everything.
 */
export const servesPages = (host: string, region: Region | null): boolean =>
  region === null ||
  host === region.webHost ||
  !(host === region.apiHost || /^(api|data)\b/.test(host) || host === region.dataHost)
