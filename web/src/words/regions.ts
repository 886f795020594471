const names: Readonly<Record<string, string>> = { US: 'United States', EU: 'European Union', IN: 'India' }

/** What a region is called in words; a region of the operator's own by its id. */
export const regionName = (id: string): string => names[id] ?? id
