import './field.css'
import { type ComponentProps, type ReactNode, useId } from 'react'

interface Described {
  readonly label: string
  /** What it means or what is wanted, before anything is wrong. */
  readonly hint?: ReactNode
  /** What is wrong with what is there; read out with the field. */
  readonly fault?: string | null | undefined
}

/** A label, a hint and a fault around one control, tied together for screen readers. */
const Described = ({
  label,
  hint,
  fault,
  children,
}: Described & { readonly children: (ids: { id: string; described: string | undefined }) => ReactNode }) => {
  const id = useId()
  const [hintId, faultId] = [`${id}-hint`, `${id}-fault`]
  const described = [hint ? hintId : '', fault ? faultId : ''].filter((part) => part !== '').join(' ')
  return (
    <div className="field">
      <label className="field-label" htmlFor={id}>
        {label}
      </label>
      {hint ? (
        <span className="field-hint" id={hintId}>
          {hint}
        </span>
      ) : null}
      {children({ id, described: described === '' ? undefined : described })}
      {fault ? (
        <span className="field-fault" id={faultId}>
          {fault}
        </span>
      ) : null}
    </div>
  )
}

const classOf = (isMono: boolean | undefined): string => (isMono ? 'input input-mono' : 'input')

/** A line of text. */
export const Field = ({
  label,
  hint,
  fault,
  isMono,
  ...input
}: Described & { readonly isMono?: boolean } & Omit<ComponentProps<'input'>, 'id' | 'className'>) => (
  <Described label={label} hint={hint} fault={fault}>
    {({ id, described }) => (
      <input
        {...input}
        id={id}
        className={classOf(isMono)}
        aria-describedby={described}
        aria-invalid={fault ? true : undefined}
      />
    )}
  </Described>
)

/** Several lines of text. */
export const TextArea = ({
  label,
  hint,
  fault,
  isMono,
  ...input
}: Described & { readonly isMono?: boolean } & Omit<ComponentProps<'textarea'>, 'id' | 'className'>) => (
  <Described label={label} hint={hint} fault={fault}>
    {({ id, described }) => (
      <textarea
        {...input}
        id={id}
        className={classOf(isMono)}
        aria-describedby={described}
        aria-invalid={fault ? true : undefined}
      />
    )}
  </Described>
)

export interface Choice {
  readonly value: string
  readonly label: string
}

/** One of a few: the system's own list, which every keyboard and phone knows. */
export const Select = ({
  label,
  hint,
  fault,
  choices,
  ...input
}: Described & { readonly choices: readonly Choice[] } & Omit<ComponentProps<'select'>, 'id' | 'className'>) => (
  <Described label={label} hint={hint} fault={fault}>
    {({ id, described }) => (
      <select {...input} id={id} className="input" aria-describedby={described} aria-invalid={fault ? true : undefined}>
        {choices.map(({ value, label: text }) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    )}
  </Described>
)

/** Yes or no. */
export const Checkbox = ({
  label,
  hint,
  ...input
}: Omit<Described, 'fault'> & Omit<ComponentProps<'input'>, 'id' | 'className' | 'type'>) => {
  const id = useId()
  return (
    <div className="check">
      <input {...input} id={id} type="checkbox" aria-describedby={hint ? `${id}-hint` : undefined} />
      <span>
        <label htmlFor={id}>{label}</label>
        {hint ? (
          <span className="field-hint" id={`${id}-hint`}>
            {hint}
          </span>
        ) : null}
      </span>
    </div>
  )
}

/** One of a few, all of them seen. */
export const RadioGroup = ({
  label,
  hint,
  name,
  choices,
  value,
  onChange,
}: Omit<Described, 'fault'> & {
  readonly name: string
  readonly choices: readonly (Choice & { readonly hint?: string })[]
  readonly value: string
  readonly onChange: (value: string) => void
}) => {
  const id = useId()
  return (
    <fieldset className="field" aria-describedby={hint ? `${id}-hint` : undefined}>
      <legend className="field-label">{label}</legend>
      {hint ? (
        <span className="field-hint" id={`${id}-hint`}>
          {hint}
        </span>
      ) : null}
      {choices.map((choice) => (
        <div className="check" key={choice.value}>
          <input
            id={`${id}-${choice.value}`}
            type="radio"
            name={name}
            value={choice.value}
            checked={choice.value === value}
            onChange={() => onChange(choice.value)}
          />
          <span>
            <label htmlFor={`${id}-${choice.value}`}>{choice.label}</label>
            {choice.hint ? <span className="field-hint">{choice.hint}</span> : null}
          </span>
        </div>
      ))}
    </fieldset>
  )
}
