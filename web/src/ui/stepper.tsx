import './stepper.css'
import type { ReactNode } from 'react'

export interface Step {
  readonly name: string
  readonly state: 'done' | 'now' | 'next' | 'bad'
  /** When, or what of it. */
  readonly note?: ReactNode
}

const words: Readonly<Record<Step['state'], string>> = {
  done: 'done',
  now: 'now',
  next: 'not yet',
  bad: 'ended here',
}

/** A line of steps, each with its time. */
export const Stepper = ({ label, steps }: { readonly label: string; readonly steps: readonly Step[] }) => (
  <ol className="stepper" aria-label={label}>
    {steps.map(({ name, state, note }) => (
      <li key={name} className="step" data-state={state} aria-current={state === 'now' ? 'step' : undefined}>
        <span className="step-name">
          {name}
          <span className="for-screen-readers">, {words[state]}</span>
        </span>
        <span className="step-note">{note}</span>
      </li>
    ))}
  </ol>
)
