import type { JsonValue } from '../../kernel/json.ts'
import type { Project } from '../../kernel/project.ts'

/** PRIV-31: ids that were erased and asked not to come back. */
export interface Suppressed {
  isSuppressed(project: Project, distinctId: string): boolean | Promise<boolean>
}

/** The rules of a project (privacy §6) hold for what members write as well. */
export interface ProfileRules {
  doorOf(project: Project): ProfileDoor | null | Promise<ProfileDoor | null>
}

interface ProfileDoor {
  update(
    record: JsonValue | undefined,
    signals: { readonly gpc: boolean; readonly dnt: boolean },
  ): { readonly kind: 'pass'; readonly record: JsonValue | undefined } | { readonly kind: 'drop' }
}
