/** Where the demo writes. Plain lines that stay aligned; colours only when somebody looks at a terminal. */
export interface Print {
  title(text: string): void
  /** Begins a numbered step and says how long the one before took. */
  step(name: string): void
  /** Ends the last step. */
  endSteps(): void
  asked(text: string): void
  got(text: string): void
  /** Something was compared and is as it has to be. */
  ok(text: string): void
  note(text: string): void
  /** One line as it is, to be copied. */
  plain(text: string): void
  failed(what: string, expected: string, got: string): void
  /** The first column is left-aligned, all others right-aligned. */
  table(head: readonly string[], rows: readonly (readonly string[])[]): void
}

export interface PrintOptions {
  readonly write: (text: string) => void
  readonly hasColours: boolean
  readonly nowMs: () => number
}

const codes = { bold: 1, dim: 2, red: 31, green: 32, cyan: 36 } as const
const labelWidth = 7

export const createPrint = ({ write, hasColours, nowMs }: PrintOptions): Print => {
  const paint = (text: string, colour: keyof typeof codes): string =>
    hasColours ? `\u001b[${codes[colour]}m${text}\u001b[0m` : text
  const line = (text = ''): void => write(`${text}\n`)
  const labelled = (label: string, text: string, colour: keyof typeof codes): void =>
    line(`   ${paint(label.padEnd(labelWidth), colour)} ${text.replaceAll('\n', `\n${' '.repeat(labelWidth + 4)}`)}`)
  let stepCount = 0
  let stepStartedAtMs: number | null = null

  const endStep = (): void => {
    if (stepStartedAtMs !== null) line(paint(`   ${seconds(nowMs() - stepStartedAtMs)}`, 'dim'))
    stepStartedAtMs = null
  }

  return {
    title: (text) => line(`\n${paint(text, 'bold')}`),
    step: (name) => {
      endStep()
      stepCount += 1
      stepStartedAtMs = nowMs()
      line(`\n${paint(`${stepCount}  ${name}`, 'bold')}`)
    },
    endSteps: endStep,
    asked: (text) => labelled('asked', text, 'cyan'),
    got: (text) => labelled('got', text, 'cyan'),
    ok: (text) => labelled('ok', text, 'green'),
    note: (text) => line(`   ${paint(text, 'dim')}`),
    plain: (text) => line(`   ${text}`),
    failed: (what, expected, got) => {
      labelled('FAILED', what, 'red')
      labelled('', `expected  ${expected}`, 'red')
      labelled('', `got       ${got}`, 'red')
    },
    table: (head, rows) => {
      const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => (row[column] ?? '').length)))
      const aligned = (row: readonly string[]): string =>
        row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('   ')
      line(`\n   ${paint(aligned(head), 'bold')}`)
      line(`   ${paint(widths.map((width) => '-'.repeat(width)).join('   '), 'dim')}`)
      for (const row of rows) line(`   ${aligned(row).trimEnd()}`)
      line()
    },
  }
}

/** 1234 → `1.2 s`, 45 → `45 ms`. */
export const seconds = (ms: number): string => (ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`)

/** 25000 → `25,000`. */
export const count = (value: number): string => value.toLocaleString('en-US')
