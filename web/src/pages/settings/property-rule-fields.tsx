import '../../filters/filters.css'
import type { PropertyRule } from '../../api/project-settings.ts'
import { Button } from '../../ui/button.tsx'
import { Field, Select } from '../../ui/field.tsx'

const ofWords = { both: 'events and profiles', events: 'events', profiles: 'profiles' } as const
type Of = keyof typeof ofWords
const ofIn = ({ of }: PropertyRule): Of => (of.length === 2 ? 'both' : (of[0] ?? 'both'))
const ofOut = (of: Of): PropertyRule['of'] => (of === 'both' ? ['events', 'profiles'] : [of])

/** Without what belongs to other kinds of rules. */
const withDo = ({ length = 3, ...rule }: PropertyRule, kind: PropertyRule['do']): PropertyRule =>
  kind === 'truncate' ? { ...rule, do: kind, length } : { ...rule, do: kind }

const withEvent = ({ event: _, ...rule }: PropertyRule, event: string): PropertyRule =>
  event === '' ? rule : { ...rule, event }

export interface PropertyRuleFieldsProps {
  readonly rules: readonly PropertyRule[]
  readonly onChange: (rules: readonly PropertyRule[]) => void
}

/** Rules on properties, a line each. */
export const PropertyRuleFields = ({ rules, onChange }: PropertyRuleFieldsProps) => {
  const change = (at: number, changed: PropertyRule) =>
    onChange(rules.map((rule, place) => (place === at ? changed : rule)))
  return (
    <div className="stack">
      {rules.map((rule, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a rule is its place; it holds no state of its own
        <fieldset className="filter-row chips" key={at}>
          <legend className="for-screen-readers">Rule {at + 1}</legend>
          <Field
            label="Property"
            value={rule.name}
            onChange={(event) => change(at, { ...rule, name: event.target.value })}
          />
          <Select
            label="Is"
            value={rule.do}
            choices={[
              { value: 'drop', label: 'left out' },
              { value: 'hash', label: 'hashed' },
              { value: 'truncate', label: 'cut' },
            ]}
            onChange={(event) => change(at, withDo(rule, event.target.value as PropertyRule['do']))}
          />
          {rule.do === 'truncate' ? (
            <Field
              label="Characters left"
              type="number"
              min={1}
              max={255}
              value={rule.length ?? ''}
              onChange={(event) => change(at, { ...rule, length: Number(event.target.value) })}
            />
          ) : null}
          <Select
            label="Of"
            value={ofIn(rule)}
            choices={Object.entries(ofWords).map(([value, label]) => ({ value, label }))}
            onChange={(event) => change(at, { ...rule, of: ofOut(event.target.value as Of) })}
          />
          <Field
            label="Only of the event"
            placeholder="every event"
            value={rule.event ?? ''}
            onChange={(event) => change(at, withEvent(rule, event.target.value))}
          />
          <Button
            kind="quiet"
            aria-label={`Remove rule ${at + 1}`}
            onClick={() => onChange(rules.filter((_, place) => place !== at))}
          >
            Remove
          </Button>
        </fieldset>
      ))}
      <div>
        <Button size="small" onClick={() => onChange([...rules, { name: '', of: ['events', 'profiles'], do: 'drop' }])}>
          Add a rule
        </Button>
      </div>
    </div>
  )
}
