import { Checkbox, Fieldset, NativeSelect, NumberInput, SegmentedControl, SimpleGrid, Stack, Text, Textarea, TextInput } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { asValues, type EntrySchema, formNames, formOf, kindOf, labelOf, textOf, toForm, type Values } from './entry-schema.ts'

export interface FieldProps {
  readonly schema: EntrySchema
  /** Where in the entry: `credential.password`. */
  readonly path: string
  readonly value: unknown
  readonly onChange: (value: unknown, path: string) => void
  /** What is wrong there, once it is to be told. */
  readonly problemAt: (path: string) => string | undefined
  readonly isRequired: boolean
}

/** Every setting of a group, those that may be left out folded behind the others. */
export function Fields({ schema, path, value, onChange, problemAt, folds = false }: Omit<FieldProps, 'isRequired'> & { readonly folds?: boolean }) {
  const { properties = {}, required = [] } = schema
  const values = asValues(value)
  const fields = (wanted: (key: string) => boolean) => Object.entries(properties).filter(([key]) => wanted(key)).map(([key, inner]) => (
    <Field
      key={key} schema={inner} path={path === '' ? key : `${path}.${key}`} value={values[key]} problemAt={problemAt} isRequired={required.includes(key)}
      onChange={(made, at) => onChange({ ...values, [key]: made }, at)}
    />
  ))
  const isFirst = (key: string) => !folds || required.includes(key) || key === 'port' || key === 'tls' || key.startsWith('host')
  const more = fields((key) => !isFirst(key))
  return (
    <Stack gap="sm">
      <SimpleGrid cols={{ base: 1, sm: 2 }}>{fields(isFirst)}</SimpleGrid>
      {more.length > 0 && <details><summary>More settings</summary><SimpleGrid cols={{ base: 1, sm: 2 }} mt="sm">{more}</SimpleGrid></details>}
    </Stack>
  )
}

function Field(props: FieldProps): ReactNode {
  const { schema, path, value, onChange, problemAt, isRequired } = props
  const label = labelOf(path.split('.').at(-1) ?? path)
  const error = problemAt(path)
  const common = { label, description: schema.description, error, withAsterisk: isRequired, onBlur: () => onChange(value, path) }
  const put = (made: unknown) => onChange(made, path)
  const unset = textOf(schema.default)
  switch (kindOf(schema)) {
    case 'fixed': return undefined
    case 'choice':
      return <NativeSelect {...common} value={textOf(value) || unset} onChange={({ currentTarget }) => put(currentTarget.value || undefined)} data={[...(unset === '' ? [{ value: '', label: 'not set' }] : []), ...schema.enum ?? []]} />
    case 'switch':
      return <Checkbox label={label} description={schema.description} error={error} checked={value === undefined ? schema.default === true : value === true} onChange={({ currentTarget }) => put(currentTarget.checked)} />
    case 'number':
      return <NumberInput {...common} value={typeof value === 'number' ? value : ''} placeholder={unset} min={schema.minimum ?? 0} max={schema.maximum ?? Number.MAX_SAFE_INTEGER} allowDecimal={false} onChange={(made) => put(made === '' ? undefined : made)} />
    case 'group': return <Group {...props} label={label} />
    case 'forms': return <Forms {...props} label={label} />
    case 'list': return <Lines {...common} shown={(value as readonly string[] | undefined) ?? []} unset={schema.default} read={(lines) => lines} onRead={put} hint="one a line" />
    case 'pairs': return <Lines {...common} shown={Object.entries(asValues(value)).map(([name, text]) => `${name}=${textOf(text)}`)} unset={[]} read={pairsOf} onRead={put} hint="name=value, one a line" />
    case 'text':
      return <TextInput {...common} description={schema.format === 'secret-reference' ? <SecretHint about={schema.description} value={value} /> : schema.description} value={textOf(value)} placeholder={schema.format === 'secret-reference' ? 'vault:NAME' : unset} onChange={({ currentTarget }) => put(currentTarget.value)} autoComplete="off" spellCheck={false} />
  }
}

/** The secret itself never comes here: only where it is kept. */
function SecretHint({ about, value }: { readonly about: string | undefined; readonly value: unknown }) {
  const name = typeof value === 'string' && value.startsWith('vault:') ? value.slice('vault:'.length) : ''
  return <>{about}: vault:NAME, env:NAME or file:PATH.{name !== '' && <> Put it there with <code>sallyport vault set {name} --config FILE</code>.</>}</>
}

function Group({ schema, path, value, onChange, problemAt, isRequired, label }: FieldProps & { readonly label: string }) {
  const isOptional = !isRequired && schema.default === undefined
  const isThere = !isOptional || value !== undefined
  const error = problemAt(path)
  return (
    <Fieldset legend={label} className="wide-field">
      <Stack gap="xs">
        {isOptional && <Checkbox label={`Set ${label.toLowerCase()}`} description={schema.description} checked={isThere} onChange={({ currentTarget }) => onChange(currentTarget.checked ? {} : undefined, path)} />}
        {isThere && <Fields schema={schema} path={path} value={value} onChange={onChange} problemAt={problemAt} />}
        {error !== undefined && <Text size="sm" c="red">{error}</Text>}
      </Stack>
    </Fieldset>
  )
}

function Forms({ schema, path, value, onChange, problemAt, label }: FieldProps & { readonly label: string }) {
  const forms = schema.anyOf ?? []
  const names = formNames(forms)
  const at = formOf(forms, value)
  const error = problemAt(path)
  return (
    <Fieldset legend={label} className="wide-field">
      <Stack gap="xs">
        <SegmentedControl value={names[at] ?? ''} onChange={(name) => onChange(toForm(forms, value, names.indexOf(name)), path)} data={names.map((name) => ({ value: name, label: labelOf(name) }))} w="fit-content" aria-label={label} />
        <Fields schema={forms[at] ?? {}} path={path} value={value} onChange={onChange} problemAt={problemAt} />
        {error !== undefined && <Text size="sm" c="red">{error}</Text>}
      </Stack>
    </Fieldset>
  )
}

interface LinesProps {
  readonly label: string
  readonly description: string | undefined
  readonly error: string | undefined
  readonly withAsterisk: boolean
  readonly onBlur: () => void
  readonly shown: readonly string[]
  readonly unset: unknown
  readonly read: (lines: string[]) => unknown
  readonly onRead: (value: unknown) => void
  readonly hint: string
}

/** What is being written stays as it is, also where a line is not whole yet. */
function Lines({ shown, unset, read, onRead, hint, description, ...common }: LinesProps) {
  const [text, setText] = useState(shown.join('\n'))
  return (
    <Textarea
      {...common} description={description === undefined ? hint : `${description} (${hint})`} value={text} autosize minRows={1} maxRows={6} placeholder={Array.isArray(unset) ? unset.join('\n') : ''} spellCheck={false}
      onChange={({ currentTarget: { value } }) => {
        setText(value)
        onRead(read(value.split('\n').map((line) => line.trim()).filter((line) => line !== '')))
      }}
    />
  )
}

function pairsOf(lines: readonly string[]): Values {
  return Object.fromEntries(lines.map((line): [string, string] => {
    const [name = '', ...rest] = line.split('=')
    return [name.trim(), rest.join('=').trim()]
  }))
}
