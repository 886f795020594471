import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface HeldEngines {
  readonly pid: number
  readonly pids: { readonly engine: number | null; readonly postgres: number | null; readonly child: number | null }
  /** kill -9 of the holder only. */
  kill(): void
}

const holderFile = fileURLToPath(new URL('./hold-engines.ts', import.meta.url))

/** Starts a process that holds the named parts of `folder` and waits until it has them. */
export const holdEngines = (
  folder: string,
  parts: readonly ('clickhouse' | 'postgres' | 'lock' | 'child')[],
): Promise<HeldEngines> =>
  new Promise((resolve, reject) => {
    const holder = spawn(process.execPath, ['--no-warnings', holderFile, folder, ...parts], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    holder.once('error', reject)
    holder.once('exit', (code) => reject(new Error(`the holder ended with code ${code}`)))
    holder.stdout.once('data', (line: Buffer) =>
      resolve({
        pid: holder.pid ?? 0,
        pids: JSON.parse(line.toString()),
        kill: () => void holder.kill('SIGKILL'),
      }),
    )
  })
