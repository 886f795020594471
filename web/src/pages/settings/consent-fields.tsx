import type { ConsentPolicy, DataRules } from '../../api/project-settings.ts'
import { Checkbox, Field, Select } from '../../ui/field.tsx'
import { TypedValues } from './typed-values.tsx'

type Consent = DataRules['consent']

const policies = [
  { value: 'store', label: 'is stored as it is' },
  { value: 'anonymise', label: 'is stored without saying whose it is' },
  { value: 'drop', label: 'is dropped' },
]
const newProperty = { name: '', values: [], policy: 'drop' } as const

/** PRIV-35: what a person’s browser, or a property, says about being recorded. */
export const ConsentFields = ({
  consent,
  onChange,
}: {
  readonly consent: Consent
  readonly onChange: (consent: Consent) => void
}) => {
  const { property } = consent
  return (
    <>
      <Select
        label="With Sec-GPC: 1, an event"
        hint="Global Privacy Control of the browser"
        value={consent.sec_gpc}
        choices={policies}
        onChange={(event) => onChange({ ...consent, sec_gpc: event.target.value as ConsentPolicy })}
      />
      <Select
        label="With DNT: 1, an event"
        hint="Do Not Track of the browser"
        value={consent.dnt}
        choices={policies}
        onChange={(event) => onChange({ ...consent, dnt: event.target.value as ConsentPolicy })}
      />
      <Checkbox
        label="A property says no"
        checked={property !== null}
        onChange={(event) => onChange({ ...consent, property: event.target.checked ? newProperty : null })}
      />
      {property === null ? null : (
        <div className="chips">
          <Field
            label="Consent property"
            value={property.name}
            onChange={(event) => onChange({ ...consent, property: { ...property, name: event.target.value } })}
          />
          <TypedValues
            label="With one of these values"
            values={property.values}
            onChange={(values) => onChange({ ...consent, property: { ...property, values } })}
          />
          <Select
            label="The event"
            value={property.policy}
            choices={policies}
            onChange={(event) =>
              onChange({ ...consent, property: { ...property, policy: event.target.value as ConsentPolicy } })
            }
          />
        </div>
      )}
    </>
  )
}
