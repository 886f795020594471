import { marksOf, type Schema } from './schema.ts'

/** What names of events should look like (LEX-10). */
export const conventions = {
  snake_case: /^[a-z0-9]+(?:_[a-z0-9]+)*$/,
  'kebab-case': /^[a-z0-9]+(?:-[a-z0-9]+)*$/,
  camelCase: /^[a-z][a-zA-Z0-9]*$/,
  PascalCase: /^[A-Z][a-zA-Z0-9]*$/,
  'Title Case': /^[\p{Lu}\p{N}][^\s]*(?: [\p{Lu}\p{N}][^\s]*)*$/u,
  'Sentence case': /^[\p{Lu}\p{N}][^\p{Lu}]*$/u,
} as const satisfies Record<string, RegExp>
export type Convention = keyof typeof conventions

export interface Standards {
  /** Null: names may look as they like. Goes by the display name where there is one. */
  readonly naming: Convention | null
  readonly requires_description: boolean
  readonly requires_owner: boolean
}

export interface LexiconSettings {
  /** LEX-09: events of new names are hidden until somebody says something about them. */
  readonly event_approval: boolean
  readonly standards: Standards
  /** LEX-11. */
  readonly volume_monitoring: { readonly enabled: boolean; readonly look_back_days: 1 | 2 }
}

export const defaultSettings: LexiconSettings = {
  event_approval: false,
  standards: { naming: null, requires_description: false, requires_owner: false },
  volume_monitoring: { enabled: false, look_back_days: 1 },
}

/** Which standards an event does not meet. What SDKs and the server name themselves has no other name to have. */
export const faultsOf =
  (standards: Standards) =>
  ({ name, schema }: { readonly name: string; readonly schema: Schema | undefined }): readonly string[] => {
    if (name.startsWith('$')) return []
    const { displayName, contacts = [], teamContacts = [] } = marksOf(schema)
    const { naming, requires_description: describes, requires_owner: owns } = standards
    const shown = displayName ?? name
    const ownerCount = (contacts?.length ?? 0) + (teamContacts?.length ?? 0)
    return [
      ...(naming !== null && !conventions[naming].test(shown) ? ['naming'] : []),
      ...(describes && (schema?.description ?? '') === '' ? ['description'] : []),
      ...(owns && ownerCount === 0 ? ['owner'] : []),
    ]
  }
