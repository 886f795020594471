import { parseArgs } from 'node:util'
import { ConfigFault, type StartFlags } from './config.ts'
import { listOf } from './settings.ts'

export const helpText = `lethe: product analytics that keeps people's data in their region, and can forget them

  lethe [start] [--regions us,eu] [--roles http,jobs]

  start            run the server (default)
  --regions LIST   serve only these regions of LETHE_REGIONS
  --roles LIST     http: answer requests; jobs: work on privacy requests (default: both)
  --help           this text

Settings are environment variables: docs/settings.md lists them.
`

export type Command = { readonly kind: 'help' } | { readonly kind: 'start'; readonly flags: StartFlags }

/** Arguments after the program name → what to do. Throws ConfigFault. */
export const parseCommand = (args: readonly string[]): Command => {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { regions: { type: 'string' }, roles: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    })
    if (values.help === true) return { kind: 'help' }
    const [name = 'start', ...rest] = positionals
    if (name !== 'start' || rest.length > 0) {
      throw new ConfigFault([`${JSON.stringify(positionals.join(' '))} is not a command; try --help`])
    }
    return { kind: 'start', flags: { regions: listOrNull(values.regions), roles: listOrNull(values.roles) } }
  } catch (error) {
    if (error instanceof ConfigFault) throw error
    throw new ConfigFault([`${(error as Error).message}; try --help`])
  }
}

const listOrNull = (value: string | undefined): readonly string[] | null => (value === undefined ? null : listOf(value))
