import { Field, Select, TextArea } from '../../ui/field.tsx'

export type ValueKind = 'text' | 'number' | 'boolean' | 'json'

/** A value while it is being typed. */
export interface TypedValue {
  readonly kind: ValueKind
  readonly text: string
}

export const typedOf = (value: unknown): TypedValue =>
  typeof value === 'string'
    ? { kind: 'text', text: value }
    : typeof value === 'number'
      ? { kind: 'number', text: String(value) }
      : typeof value === 'boolean'
        ? { kind: 'boolean', text: String(value) }
        : { kind: 'json', text: JSON.stringify(value) }

/** The value, or what is wrong with what was typed. */
export const typedResult = ({
  kind,
  text,
}: TypedValue): { readonly value: unknown; readonly fault?: never } | { readonly fault: string } => {
  if (kind === 'text') return { value: text }
  if (kind === 'boolean') return { value: text === 'true' }
  if (kind === 'number') {
    const value = Number(text)
    return text.trim() === '' || !Number.isFinite(value) ? { fault: 'A number, such as 12.5' } : { value }
  }
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    return { fault: 'JSON, such as ["a", "b"]' }
  }
}

const kinds = [
  { value: 'text', label: 'Text' },
  { value: 'number', label: 'Number' },
  { value: 'boolean', label: 'True or false' },
  { value: 'json', label: 'List or object (JSON)' },
]

/** A value of any type. */
export const ValueField = ({
  value,
  fault,
  onChange,
}: {
  readonly value: TypedValue
  readonly fault: string | null
  readonly onChange: (value: TypedValue) => void
}) => (
  <>
    <Select
      label="Type"
      value={value.kind}
      choices={kinds}
      onChange={(event) => {
        const kind = event.target.value as ValueKind
        onChange({ kind, text: kind === 'boolean' ? String(value.text === 'true') : value.text })
      }}
    />
    {value.kind === 'boolean' ? (
      <Select
        label="Value"
        value={value.text}
        choices={[
          { value: 'true', label: 'true' },
          { value: 'false', label: 'false' },
        ]}
        onChange={(event) => onChange({ ...value, text: event.target.value })}
      />
    ) : value.kind === 'json' ? (
      <TextArea
        label="Value"
        isMono
        fault={fault}
        value={value.text}
        onChange={(event) => onChange({ ...value, text: event.target.value })}
      />
    ) : (
      <Field
        label="Value"
        fault={fault}
        autoComplete="off"
        value={value.text}
        onChange={(event) => onChange({ ...value, text: event.target.value })}
      />
    )}
  </>
)
