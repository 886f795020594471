import type { Me } from '../api/session.ts'
import { pathTo } from '../page-paths.ts'
import type { Place } from './place.ts'
import { myEntries, organizationEntries, projectEntries } from './rail-entries.ts'
import { chooseTheme } from './theme.ts'

export interface Command {
  readonly key: string
  readonly label: string
  /** What it belongs to, at the right. */
  readonly hint: string
  readonly to?: string
  readonly run?: () => void
}

/** Everywhere one can go and everything one can do from anywhere; what is nearest comes first. */
export const commandsOf = (me: Me, { project, organization }: Place): readonly Command[] => [
  ...(project === null ? [] : projectEntries(project)).map(({ label, to }) => ({
    key: to,
    label,
    hint: project?.name ?? '',
    to,
  })),
  ...(organization === null ? [] : organizationEntries(organization)).map(({ label, to }) => ({
    key: to,
    label,
    hint: organization?.name ?? '',
    to,
  })),
  ...myEntries.map(({ label, to }) => ({ key: to, label, hint: 'You', to })),
  ...Object.values(me.projects).map(({ id, name, region }) => ({
    key: `project ${id}`,
    label: name,
    hint: `Project in ${region}`,
    to: pathTo('project', { projectId: id }),
  })),
  ...Object.values(me.organizations).map(({ id, name }) => ({
    key: `organization ${id}`,
    label: name,
    hint: 'Organization',
    to: pathTo('organization', { organizationId: id }),
  })),
  { key: 'light', label: 'Light theme', hint: 'Theme', run: () => chooseTheme('light') },
  { key: 'dark', label: 'Dark theme', hint: 'Theme', run: () => chooseTheme('dark') },
  { key: 'system', label: 'Theme of the system', hint: 'Theme', run: () => chooseTheme('system') },
]

/** Those whose words begin with all the words typed. */
export const matching = (commands: readonly Command[], typed: string): readonly Command[] => {
  const wanted = typed
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
  return commands.filter(({ label, hint }) => {
    const words = `${label} ${hint}`.toLowerCase().split(/\s+/)
    return wanted.every((part) => words.some((word) => word.startsWith(part)))
  })
}
