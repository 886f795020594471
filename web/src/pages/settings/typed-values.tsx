import { useState } from 'react'
import type { RuleValue } from '../../api/project-settings.ts'
import { Field } from '../../ui/field.tsx'
import { textOf, valuesOf } from './rule-values.ts'

export interface TypedValuesProps {
  readonly label: string
  readonly values: readonly RuleValue[]
  readonly onChange: (values: readonly RuleValue[]) => void
}

/** Values with commas between them; what is typed stays as it is typed. */
export const TypedValues = ({ label, values, onChange }: TypedValuesProps) => {
  const [text, setText] = useState(textOf(values))
  return (
    <Field
      label={label}
      placeholder="no, false, 0"
      value={text}
      onChange={(event) => {
        setText(event.target.value)
        onChange(valuesOf(event.target.value))
      }}
    />
  )
}
