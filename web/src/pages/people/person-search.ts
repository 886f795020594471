export interface PersonSearch {
  readonly tab?: 'activity' | 'properties' | 'identities' | 'json'
  /** The event that is open. */
  readonly open?: string
}

const tabs: readonly string[] = ['properties', 'identities', 'json']

export const personSearch = ({ tab, open }: Readonly<Record<string, unknown>>): PersonSearch => ({
  ...(typeof tab === 'string' && tabs.includes(tab) ? { tab: tab as 'properties' } : {}),
  ...(typeof open === 'string' ? { open } : {}),
})
